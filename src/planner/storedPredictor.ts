import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PREDICTOR_FILE_NAME } from '../core/model/stateFiles.ts';
import type { Predictor } from '../core/predict/predictor.ts';
import { readPredictor } from '../io/predictors.ts';

/** The predictor that was trained in a workspace, read again only when its file has changed. */
export class StoredPredictor {
  private readonly path: string;
  private last: { readonly changedAt: number; readonly predictor: Predictor } | undefined;

  constructor(stateDirectory: string) {
    this.path = join(stateDirectory, PREDICTOR_FILE_NAME);
  }

  /**
   * @returns undefined where none was trained
   * @throws InputError where the file cannot be used
   */
  async read(): Promise<Predictor | undefined> {
    const changedAt = (await stat(this.path).catch(() => undefined))?.mtimeMs;
    if (changedAt === undefined) return undefined;
    if (this.last?.changedAt !== changedAt) this.last = { changedAt, predictor: await readPredictor(this.path) };
    return this.last.predictor;
  }
}
