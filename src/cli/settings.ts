import { InputError } from '../core/model/input.ts';
import { DEFAULT_SETTINGS, SETTINGS, type SettingRow, type Settings } from '../core/model/settings.ts';
import { duration } from '../text/format.ts';
import { printError } from './plain.ts';

export const SETTING_HELP = `  --setting N=V      a setting by the name it has in VS Code: --setting resizing.usageWindowMinutes=10, or =2h (repeatable)`;

/**
 * The default settings with those that words of the form `name=value` change. A name is the id in VS Code, with or without
 * `stowage.`, or the core's field. A number counts in the unit that its name ends with, or takes one (`30s`, `15m`, `2h`,
 * `7d`, `%`); weights are `ranking.policyWeights=timeFit:1,bestFit:0.5`. Former names are still read: the new one wins
 * where both are given.
 * @param onDeprecated is told of each former name, in one sentence
 * @throws InputError for a name that does not exist, or a value that does not suit it
 */
export function settingsOf(words: readonly string[], onDeprecated: (text: string) => void = toStandardError): Settings {
  const changes = words.map(changeOf);
  const [former, current] = [changes.filter(({ name }) => name.isFormer), changes.filter(({ name }) => !name.isFormer)];
  for (const { name } of former) {
    const isIgnored = current.some(({ name: { field } }) => field === name.field);
    onDeprecated(
      isIgnored
        ? `--setting ${name.written} is deprecated and ignored: ${name.current} is given too.`
        : `--setting ${name.written} is deprecated. Write ${name.current}.`,
    );
  }
  const values = [...former, ...current].map(({ name, value }) => [name.field, value] as const);
  return { ...DEFAULT_SETTINGS, ...Object.fromEntries(values) };
}

function toStandardError(text: string): void {
  printError(`${text}\n`);
}

type Change = { readonly name: Name; readonly value: unknown };

function changeOf(word: string): Change {
  const equals = word.indexOf('=');
  if (equals < 1) throw new InputError(`--setting ${word} is not of the form name=value.`);
  const [written, text] = [word.slice(0, equals), word.slice(equals + 1)];
  const name = NAMES.get(written.replace(/^stowage\./, ''));
  if (!name) {
    const all = Object.entries(SETTINGS).map(([field, { id }]) => id ?? field);
    throw new InputError(`There is no setting "${written}". There are: ${all.sort().join(', ')}.`);
  }
  return { name, value: settingValue(name, text, word) };
}

/** A name that a setting is given by. */
type Name = {
  readonly written: string;
  readonly field: string;
  readonly row: SettingRow;
  /** How much of the field's unit a number without a unit counts by. */
  readonly unit: number;
  readonly isFormer: boolean;
  /** The id in VS Code, or the field where there is none. */
  readonly current: string;
};

const NAMES: ReadonlyMap<string, Name> = new Map(
  Object.entries(SETTINGS).flatMap(([field, row]) => {
    const { id, unit, formerIds, formerFields } = row;
    const name = (written: string, unit: number, isFormer: boolean) =>
      [written, { written, field, row, unit, isFormer, current: id ?? field }] as const;
    // Later ones win: a former id that is the field's name still is no former name.
    return [
      ...formerIds.map((former) => name(former, unit, true)),
      ...formerFields.map((former) => name(former, 1, true)),
      name(field, 1, false),
      ...(id === undefined ? [] : [name(id, unit, false)]),
    ];
  }),
);

function settingValue({ row, unit, written }: Name, text: string, word: string): unknown {
  if (row.kind === 'choice') {
    if (row.choices.includes(text)) return text;
    throw new InputError(`--setting ${word}: ${written} is ${row.choices.join(' or ')}.`);
  }
  if (row.kind === 'amounts') return amounts(row, text, word);
  const value = numberOf(row.kind, unit, text);
  if (value === undefined || value < row.minimum || value > row.maximum) {
    const [least, most] = [row.minimum, row.maximum].map((bound) => (row.kind === 'time' ? duration(bound) : bound));
    const kind = row.kind === 'time' ? 'a time' : 'a number';
    throw new InputError(
      `--setting ${word}: ${written} takes ${kind} from ${least} to ${most}, such as ${written}=${exampleOf(row)}.`,
    );
  }
  return value;
}

function exampleOf({ kind, minimum }: SettingRow): string {
  if (kind === 'time') return minimum > 15 * 60 ? '2h' : '15m';
  return kind === 'fraction' ? '30%' : '2';
}

/** `0.3`, `2` and for a fraction `30%`; for a time also `90s`, `15m`, `2h`, `7d`. Undefined for anything else. */
function numberOf(kind: 'time' | 'fraction' | 'number', unit: number, text: string): number | undefined {
  const units = { time: { '': unit, ...TIMES }, fraction: { '': unit, '%': 0.01 }, number: { '': unit } };
  return amountOf(text, units[kind]);
}

function amounts({ minimum, maximum }: SettingRow, text: string, word: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const colon = pair.lastIndexOf(':');
      const value = Number(pair.slice(colon + 1));
      if (colon < 1 || !Number.isFinite(value) || value < minimum || value > maximum) {
        const most = maximum < Number.POSITIVE_INFINITY ? ` to ${maximum}` : '';
        throw new InputError(
          `--setting ${word}: give name:number from ${minimum}${most}, several separated by commas.`,
        );
      }
      return [pair.slice(0, colon), value];
    }),
  );
}

const TIMES = { s: 1, m: 60, min: 60, h: 3600, d: 86400 };

function amountOf(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z%]*)$/.exec(text);
  const unit = match && Object.hasOwn(units, match[2]!) ? units[match[2]!] : undefined;
  return unit === undefined ? undefined : Number(match![1]) * unit;
}

/**
 * A span of time as users write it, in seconds.
 * @throws InputError naming the option
 */
export function secondsOf(option: string, text: string): number {
  const value = amountOf(text, { '': 1, ...TIMES });
  if (value === undefined) throw new InputError(`${option} ${text} is not a time. Write 90s, 15m, 2h or 7d.`);
  return value;
}
