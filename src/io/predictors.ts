import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';
import { answeredFileName, IMPORT_FILE_NAME, predictorFileName } from '../core/model/stateFiles.ts';
import type { Predictor } from '../core/predict/predictor.ts';
import { formatPredictor, parsePredictor } from '../core/predict/predictorFile.ts';
import { isJudged } from '../core/predict/verdict.ts';
import { withLock } from './lock.ts';
import { parseJson } from './networks.ts';
import { isOwn } from './ownFiles.ts';
import { MIB, readText } from './readWhole.ts';
import { sha256 } from './sha256.ts';
import { writeAtomically } from './writeAtomically.ts';

/** @throws InputError when the file is missing, foreign, of another version, or cut off; says what to do */
export async function readPredictor(path: string): Promise<Predictor> {
  return (await readPredictorAsOf(path)).predictor;
}

/** The same, with what names its content: who makes a new one of it finds out whether somebody else has meanwhile. */
export async function readPredictorAsOf(
  path: string,
): Promise<{ readonly predictor: Predictor; readonly digest: string }> {
  const text = await textOf(path).catch((error: unknown) => {
    const reason = errorMessage(error);
    throw new InputError(`Cannot read the predictor ${path}: ${reason}. Make it again with "stowage train".`);
  });
  if (text !== undefined) return { predictor: parsePredictor(parseJson(text, path), path), digest: sha256(text) };
  throw new InputError(`There is no predictor ${path}. Make one with: stowage train --history FILE --out ${path}`);
}

/** Some times the largest that is written: 20,000 tasks and a network. */
const MOST_BYTES = 256 * MIB;

/** Where the model card of a predictor lies: beside it, as Markdown. */
export function cardFile(path: string): string {
  return `${path.replace(/\.json$/, '')}.md`;
}

/**
 * Writes the predictor and its model card, each whole.
 * @param card as Markdown
 * @param digest of the predictor that it goes on with (`readPredictorAsOf`), which must be there still
 * @throws InputError when it cannot, or somebody else has written one meanwhile
 */
export async function writePredictor(path: string, predictor: Predictor, card: string, digest?: string): Promise<void> {
  const text = formatPredictor(predictor);
  refuseUnlessSound(text, path);
  const write = async () => {
    await writeAtomically(path, text, isOwn(path));
    await writeAtomically(cardFile(path), card, isOwn(path));
  };
  const goOn = async () => {
    const found = await textOf(path);
    if (found !== undefined && sha256(found) === digest) return write();
    throw new InputError(`${path} was written by somebody else meanwhile, and is left as it is. Train again.`);
  };
  try {
    await (digest === undefined ? write() : withLock(path, goOn));
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = errorMessage(error);
    throw new InputError(`Cannot write the predictor ${path}: ${reason}. Choose another --out.`);
  }
}

/** What would be refused when it is read is not written: what is there stays. */
function refuseUnlessSound(text: string, path: string): void {
  try {
    parsePredictor(JSON.parse(text), path);
  } catch {
    throw new InputError(
      `What was learned holds a number that is none, so ${path} was left as it is. Look for absurd values in the history.`,
    );
  }
}

/** A predictor that no cluster has yet. */
export type Import = {
  readonly file: string;
  /** Names its content. */
  readonly digest: string;
  readonly predictor: Predictor;
};

/**
 * The predictors of a state directory, as one cluster sees them: its own, `predictors/<key>.json`, and an import,
 * `predictor.json`. An import was trained from files, or for any cluster by version 0.1.0; a cluster uses it only once
 * somebody has said so, which makes a copy of it the cluster's own. What was said is kept by the import's digest.
 */
export class Predictors {
  private readonly directory: string;
  private readonly cluster: ClusterIdentity;
  private last: { readonly changedAt: number; readonly predictor: Predictor } | undefined;

  constructor(stateDirectory: string, cluster: ClusterIdentity) {
    this.directory = stateDirectory;
    this.cluster = cluster;
  }

  /** Where the cluster's own lies, or would. */
  get file(): string {
    return join(this.directory, predictorFileName(this.cluster));
  }

  /**
   * The cluster's own, read again only when its file has changed.
   * @returns undefined where it has none
   * @throws InputError where the file cannot be used
   */
  async own(): Promise<Predictor | undefined> {
    const changedAt = (await stat(this.file).catch(() => undefined))?.mtimeMs;
    if (changedAt === undefined) return undefined;
    if (this.last?.changedAt !== changedAt) this.last = { changedAt, predictor: await readPredictor(this.file) };
    return this.last.predictor;
  }

  /**
   * The import, where it may be put to use and nobody has said yet whether this cluster is to use it.
   * @throws InputError where the file cannot be used
   */
  async unanswered(): Promise<Import | undefined> {
    const file = join(this.directory, IMPORT_FILE_NAME);
    const text = await textIfReadable(file);
    if (text === undefined) return undefined;
    const digest = sha256(text);
    if ((await textIfReadable(this.answerFile)) === digest) return undefined;
    const predictor = parsePredictor(parseJson(text, file), file);
    return isJudged(predictor) ? { file, digest, predictor } : undefined;
  }

  /** Keeps whether this cluster is to use an import; one that has changed since is not used. */
  async answer({ file, digest }: Pick<Import, 'file' | 'digest'>, use: boolean): Promise<void> {
    const text = await textIfReadable(file);
    if (text === undefined || sha256(text) !== digest) return;
    if (use) {
      const card = await textIfReadable(cardFile(file));
      if (card !== undefined) await writeAtomically(cardFile(this.file), card, true);
      await writeAtomically(this.file, text, true);
    }
    await writeAtomically(this.answerFile, digest, true);
  }

  private get answerFile(): string {
    return join(this.directory, answeredFileName(this.cluster));
  }
}

/** @returns undefined where there is no such file @throws UnreadableFile; a system error */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readText(path, { mostBytes: MOST_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @returns undefined where there is no such file, or none that may be read */
function textIfReadable(path: string): Promise<string | undefined> {
  return textOf(path).catch(() => undefined);
}
