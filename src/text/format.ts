import { amountOf, type ResourceName, type Resources, resourceNames } from '../core/model/resources.ts';

/** Seconds as people say them: `45 s`, `7 min`, `3 h 20 min`, `2 d 4 h`; `—` when not finite. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '—';
  const sign = seconds < 0 ? '−' : '';
  const whole = Math.round(Math.abs(seconds));
  if (whole < 60) return `${sign}${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${sign}${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${sign}${joined(hours, 'h', minutes % 60, 'min')}`;
  const allHours = Math.round(minutes / 60);
  return `${sign}${joined(Math.floor(allHours / 24), 'd', allHours % 24, 'h')}`;
}

/** One amount with its unit: `2.5 CPU`, `16 GiB`, `4 GPU`, `0.3 GPU`, `8 huawei.com/Ascend910`. */
export function amount(resource: ResourceName, value: number): string {
  switch (resource) {
    case 'milliCpu':
      return `${decimal(value / 1000)} CPU`;
    case 'memoryBytes':
      return bytes(value);
    case 'gpuMilli':
      return `${decimal(value / 1000)} GPU`;
    default:
      return `${value} ${resource}`;
  }
}

/** All amounts that are not 0, joined: `4 CPU, 16 GiB, 1 GPU`; `nothing` when there are none. */
export function amounts(resources: Resources): string {
  const names = resourceNames(resources);
  return names.length === 0 ? 'nothing' : names.map((name) => amount(name, amountOf(resources, name))).join(', ');
}

/** A fraction of 1 as a whole percentage. */
export function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}

/** An instant by the reader's clock: `14:05`, with the day when it is not today's. */
export function clock(atSeconds: number, nowSeconds: number): string {
  const at = new Date(atSeconds * 1000);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const sameDay = at.toDateString() === new Date(nowSeconds * 1000).toDateString();
  return sameDay ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${decimal(scaled)} ${units[unit]}`;
}

function decimal(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
