import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorMessage } from '../core/model/errorMessage.ts';
import type { FinishedTask } from '../core/model/finished.ts';
import { InputError } from '../core/model/input.ts';
import { type NetworkFile, parseNetwork } from '../core/predict/networkFile.ts';
import { builtDirectory } from './engine.ts';
import { MIB, readText } from './readWhole.ts';

/** Networks we ship, in order of preference; the later ones have seen fewer logs. */
const SHIPPED = ['pretrained.json', 'pretrained-kth.json', 'pretrained-hpc2n.json'] as const;

/** A fingerprint of a history by what the tasks were, whatever file they came in and in whatever order. */
export function historyDigest(tasks: readonly FinishedTask[]): string {
  const facts = ({ submittedAtSeconds, startedAtSeconds, endedAtSeconds, size }: FinishedTask) =>
    [submittedAtSeconds, endedAtSeconds - startedAtSeconds, size] as const;
  const byFacts = (left: FinishedTask, right: FinishedTask) => {
    const [[a, b, c], [x, y, z]] = [facts(left), facts(right)];
    return a - x || b - y || c - z;
  };
  const sorted = tasks.toSorted(byFacts);
  const begin = sorted[0]?.submittedAtSeconds ?? 0;
  const hash = createHash('sha256');
  for (const task of sorted) {
    const [submit, runtime, size] = facts(task);
    hash.update(`${submit - begin} ${runtime} ${size}\n`);
  }
  return hash.digest('hex');
}

/** The network that every new cluster begins with. */
export function readPretrained(): Promise<NetworkFile> {
  return readNetwork(shipped(SHIPPED[0]));
}

/**
 * The shipped network that has seen most, but not this log.
 * @throws InputError when each of them has seen it
 */
export async function readPretrainedWithout(digest: string): Promise<NetworkFile> {
  for (const name of SHIPPED) {
    const file = await readNetwork(shipped(name));
    if (!file.card.logs.some((log) => log.digest === digest)) return file;
  }
  throw new InputError(
    'Every pretrained network has seen this log: its score would not be honest. Evaluate on another log, or train from nothing by leaving out --pretrained-only.',
  );
}

/** @throws InputError when the file is missing or no network of this version */
export async function readNetwork(path: string): Promise<NetworkFile> {
  let text: string;
  try {
    text = await readText(path, { mostBytes: 64 * MIB });
  } catch (error) {
    throw new InputError(`Cannot read the network ${path}: ${errorMessage(error)}.`);
  }
  return parseNetwork(parseJson(text, path), path);
}

/** @throws InputError when the text is cut off or no JSON */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InputError(`${path} is cut off or no JSON. Make it again with "stowage train".`);
  }
}

function shipped(name: string): string {
  const built = builtDirectory();
  return built ? join(built, '../media', name) : fileURLToPath(new URL(`../../media/${name}`, import.meta.url));
}
