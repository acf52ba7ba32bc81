import { InputError } from '../core/model/input.ts';
import { DEFAULT_SETTINGS, type Settings } from '../core/model/settings.ts';

/** Settings without a default, with the kind of value they take. */
const OPTIONAL: Readonly<Record<string, 'number' | 'object'>> = { turnoverSeconds: 'number', secondsPerUnit: 'object' };

/**
 * The default settings with those that words of the form `name=value` change. Numbers take a unit of time (`30s`, `15m`,
 * `2h`, `7d`) or `%`; weights are `policyWeights=timeFit:1,bestFit:0.5`.
 * @throws InputError for a name that does not exist, or a value that does not suit it
 */
export function settingsOf(words: readonly string[]): Settings {
  const changes = words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw new InputError(`--setting ${word} is not of the form name=value.`);
    const [name, text] = [word.slice(0, equals), word.slice(equals + 1)];
    return [name, settingValue(name, text, word)] as const;
  });
  return { ...DEFAULT_SETTINGS, ...Object.fromEntries(changes) };
}

function settingValue(name: string, text: string, word: string): unknown {
  const names = [...Object.keys(DEFAULT_SETTINGS), ...Object.keys(OPTIONAL)];
  if (!names.includes(name)) {
    throw new InputError(`There is no setting "${name}". There are: ${names.sort().join(', ')}.`);
  }
  if (name === 'shrinkStrategy') {
    if (text === 'fixed' || text === 'usage') return text;
    throw new InputError(`--setting ${word}: the strategy is fixed or usage.`);
  }
  if ((OPTIONAL[name] ?? typeof DEFAULT_SETTINGS[name as keyof Settings]) === 'object') return weights(text, word);
  const value = amountOf(text);
  if (value === undefined || value < 0) {
    throw new InputError(`--setting ${word}: ${name} takes a number from 0, such as ${exampleOf(name)}.`);
  }
  return value;
}

function weights(text: string, word: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const colon = pair.lastIndexOf(':');
      const value = Number(pair.slice(colon + 1));
      if (colon < 1 || !Number.isFinite(value) || value < 0) {
        throw new InputError(`--setting ${word}: give name:number, several of them separated by commas.`);
      }
      return [pair.slice(0, colon), value];
    }),
  );
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, min: 60, h: 3600, d: 86400, '%': 0.01 };

/** `90`, `90s`, `15m`, `2h`, `7d`, `30%`; undefined for anything else. */
function amountOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z%]*)$/.exec(text);
  const unit = UNITS[match?.[2] ?? '?'];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}

/**
 * A span of time as users write it, in seconds.
 * @throws InputError naming the option
 */
export function secondsOf(option: string, text: string): number {
  const value = text.endsWith('%') ? undefined : amountOf(text);
  if (value === undefined) throw new InputError(`${option} ${text} is not a time. Write 90s, 15m, 2h or 7d.`);
  return value;
}

function exampleOf(name: string): string {
  if (name.endsWith('Seconds')) return `${name}=15m`;
  return name.endsWith('Fraction') ? `${name}=30%` : `${name}=2`;
}
