import { readFile } from 'node:fs/promises';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';
import type { Predictor } from '../core/predict/predictor.ts';
import { formatPredictor, parsePredictor } from '../core/predict/predictorFile.ts';
import { parseJson } from './networks.ts';
import { writeAtomically } from './writeAtomically.ts';

/** @throws InputError when the file is missing, foreign, of another version, or cut off; says what to do */
export async function readPredictor(path: string): Promise<Predictor> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new InputError(`There is no predictor ${path}. Make one with: stowage train --history FILE --out ${path}`);
  }
  return parsePredictor(parseJson(text, path), path);
}

/** Where the model card of a predictor lies: beside it, as Markdown. */
export function cardFile(path: string): string {
  return `${path.replace(/\.json$/, '')}.md`;
}

/**
 * Writes the predictor and its model card, each whole.
 * @param card as Markdown
 * @throws InputError when it cannot
 */
export async function writePredictor(path: string, predictor: Predictor, card: string): Promise<void> {
  try {
    await writeAtomically(path, formatPredictor(predictor));
    await writeAtomically(cardFile(path), card);
  } catch (error) {
    const reason = errorMessage(error);
    throw new InputError(`Cannot write the predictor ${path}: ${reason}. Choose another --out.`);
  }
}
