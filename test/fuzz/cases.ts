import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError, ClusterUnreachable, NotPrometheus } from '../../src/cluster/errors.ts';
import { CredentialsMissing } from '../../src/cluster/kubernetes/api/credentials.ts';
import { InputError } from '../../src/core/model/input.ts';
import { randomIndex, seededRandom } from '../../src/core/model/random.ts';
import { StateError } from '../../src/operate/stateError.ts';
import { mutated } from './mutate.ts';
import { TARGETS, type Target } from './targets.ts';

/** More processor time than this for one input is a hang. */
export const MOST_MILLISECONDS = 2000;

export type CaseResult = { readonly target: string; readonly failure?: string; readonly input: Buffer };

/** The case of a number: always the same target and the same input. `failure`: what it did that it must not. */
export async function runCase(number: number, scratch: string): Promise<CaseResult> {
  const random = seededRandom(number);
  const target = TARGETS[randomIndex(random, TARGETS.length)]!;
  const input = mutated(target.seeds[randomIndex(random, target.seeds.length)]!, target.form, random);
  const result = { target: target.name, input };
  const before = process.threadCpuUsage();
  const failure = await failureOf(target, input, scratch);
  const { user, system } = process.threadCpuUsage(before);
  const milliseconds = (user + system) / 1000;
  if (failure !== undefined) return { ...result, failure };
  return milliseconds > MOST_MILLISECONDS ? { ...result, failure: `took ${Math.round(milliseconds)} ms` } : result;
}

async function failureOf(target: Target, input: Buffer, scratch: string): Promise<string | undefined> {
  const directory = join(scratch, target.name.replaceAll(' ', '-'));
  mkdirSync(directory, { recursive: true });
  try {
    const wrong = absurd(await target.read(input, directory));
    if ('polluted' in {}) return 'changed what all objects inherit';
    return wrong && `let pass without a word: ${wrong}`;
  } catch (error) {
    if (isTyped(error) || target.mayThrow?.(error)) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : `threw ${String(error)}`;
  }
}

/** What says in words what is wrong with the input. */
function isTyped(error: unknown): boolean {
  return [InputError, StateError, ApiError, ClusterUnreachable, CredentialsMissing, NotPrometheus].some(
    (type) => error instanceof type,
  );
}

/** A number in what was read that is none, or that nothing on earth has; where it stands. */
function absurd(value: unknown, where = '', depth = 0): string | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) && Math.abs(value) < MOST_NUMBER ? undefined : `${where} is ${value}`;
  }
  if (typeof value !== 'object' || value === null || depth > 12 || ArrayBuffer.isView(value)) return undefined;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  for (const [name, inner] of entries.slice(0, 2000)) {
    const wrong = absurd(inner, `${where}.${name}`, depth + 1);
    if (wrong) return wrong;
  }
  return undefined;
}

/** Bytes of a data centre are some 1e18; used for the life of one, some 1e28. */
const MOST_NUMBER = 1e29;
