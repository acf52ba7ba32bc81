import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage } from '../../core/model/errorMessage.ts';
import { InputError } from '../../core/model/input.ts';
import { writeAtomically } from '../../io/writeAtomically.ts';
import type { Act } from './acts.ts';
import { BEGIN_SECONDS } from './workload.ts';

/** All that a sample cluster is, beside what its seed tells. */
export type SampleState = {
  readonly format: 1;
  readonly seed: number;
  readonly clockSeconds: number;
  readonly acts: readonly (Act & { readonly atSeconds: number })[];
};

/** A seed before anything has happened to it. */
function newState(seed: number): SampleState {
  return { format: 1, seed, clockSeconds: BEGIN_SECONDS, acts: [] };
}

/** `sample.json` of a directory: one state a seed, so that looking at another seed loses nothing. */
export function stateFile(directory: string): string {
  return path.join(directory, 'sample.json');
}

/**
 * The state of a seed; a new one when the file or the seed in it is not there.
 * @throws InputError when the file cannot be read as a sample's state
 */
export async function readState(directory: string, seed: number): Promise<SampleState> {
  return (await readStates(directory)).find((state) => state.seed === seed) ?? newState(seed);
}

/**
 * Writes a seed's state whole: a crash leaves the old file or the new one.
 * @throws InputError when it cannot be written, or what is there cannot be read
 */
export async function writeState(directory: string, state: SampleState): Promise<void> {
  const others = (await readStates(directory)).filter(({ seed }) => seed !== state.seed);
  const states = [...others, state].sort((a, b) => a.seed - b.seed);
  try {
    await writeAtomically(stateFile(directory), `${JSON.stringify(states)}\n`);
  } catch (error) {
    throw new InputError(`Cannot write the sample cluster's state: ${errorMessage(error)}.`);
  }
}

async function readStates(directory: string): Promise<SampleState[]> {
  const file = stateFile(directory);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new InputError(`Cannot read the sample cluster's state ${file}: ${errorMessage(error)}.`);
  }
  const states = parseStates(text);
  if (states) return states;
  throw new InputError(`${file} is not a sample cluster's state. Delete it to start the sample over.`);
}

function parseStates(text: string): SampleState[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isState) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is SampleState {
  if (typeof value !== 'object' || value === null) return false;
  const { format, seed, clockSeconds, acts } = value as Record<string, unknown>;
  return format === 1 && typeof seed === 'number' && typeof clockSeconds === 'number' && Array.isArray(acts);
}
