import path from 'node:path';
import { errorMessage } from '../../core/model/errorMessage.ts';
import { InputError } from '../../core/model/input.ts';
import { isOwnerRef, isTaskRef } from '../../core/model/moveShape.ts';
import { isResources } from '../../core/model/resources.ts';
import {
  hasFields,
  isCount,
  isListOf,
  isName,
  isNumber,
  isOneBy,
  isOneOf,
  isSeconds,
  type Shape,
} from '../../core/model/shape.ts';
import { isResized } from '../../core/model/stated.ts';
import { naming } from '../../core/model/systemError.ts';
import { withLock } from '../../io/lock.ts';
import { makeFolder } from '../../io/makeFolder.ts';
import { readOwn } from '../../io/ownFiles.ts';
import { MIB } from '../../io/readWhole.ts';
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
 * Writes a seed's state whole: a crash leaves the old file or the new one. Whoever writes has the file's lock.
 * @throws InputError when it cannot be written, or what is there cannot be read
 */
export async function writeState(directory: string, state: SampleState): Promise<void> {
  const others = (await readStates(directory)).filter(({ seed }) => seed !== state.seed);
  const states = [...others, state].sort((a, b) => a.seed - b.seed);
  try {
    await writeAtomically(stateFile(directory), `${JSON.stringify(states)}\n`, true);
  } catch (error) {
    throw naming(stateFile(directory), error);
  }
}

/**
 * Work on a directory's state, which no other process changes meanwhile.
 * @throws a system error; what the work throws
 */
export async function aloneWith<T>(directory: string, work: () => Promise<T>): Promise<T> {
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  try {
    await makeFolder(directory);
    return await withLock(stateFile(directory), begin);
  } catch (error) {
    throw begun ? error : naming(stateFile(directory), error);
  }
}

async function readStates(directory: string): Promise<SampleState[]> {
  const file = stateFile(directory);
  let text: string | undefined;
  try {
    text = await readOwn(file, MOST_BYTES);
  } catch (error) {
    throw new InputError(`Cannot read the sample cluster's state ${file}: ${errorMessage(error)}.`);
  }
  const states = parseStates(text ?? '[]');
  if (states) return states;
  throw new InputError(`${file} is not a sample cluster's state. Delete it to start the sample over.`);
}

function parseStates(text: string): SampleState[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return areStates(value) ? (value as SampleState[]) : undefined;
  } catch {
    return undefined;
  }
}

/** Many years of the sample's days. */
const MOST_BYTES = 256 * MIB;

const isRecordOfMove = hasFields(
  { planId: isName, moveId: isName, kind: isOneOf('resize', 'migration'), startedAtSeconds: isSeconds },
  {
    ...{ generation: isNumber, before: isResources, request: isResources, allocation: isResources },
    resized: isResized,
  },
);

const isPin = isOneBy('kind', {
  ...{ required: hasFields({ node: isName }), preferred: hasFields({ node: isName }), none: hasFields({}) },
});

const isMoveName = hasFields({ planId: isName, moveId: isName });
const AT = { atSeconds: isSeconds };

const isAct = isOneBy('kind', {
  place: hasFields({ ...AT, task: isTaskRef, to: isName }),
  resize: hasFields({ ...AT, task: isTaskRef, to: isResources, record: isRecordOfMove }),
  restore: hasFields({ ...AT, task: isTaskRef, resized: isResized }),
  releaseTask: hasFields({ ...AT, task: isTaskRef, move: isMoveName }),
  eraseTraces: hasFields({ ...AT, task: isTaskRef }),
  suspend: hasFields({ ...AT, owner: isOwnerRef, record: isRecordOfMove }),
  resume: hasFields({ ...AT, owner: isOwnerRef, pin: isPin }, { allocation: isResources, generation: isNumber }),
  release: hasFields({ ...AT, owner: isOwnerRef, move: isMoveName }),
} satisfies Readonly<Record<Act['kind'], Shape>>);

const areStates = isListOf(
  hasFields({ format: isOneOf(1), seed: isCount, clockSeconds: isSeconds, acts: isListOf(isAct) }),
);
