import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../core/predict/training.ts';

/** The folder the bundle was built into; undefined when the sources run as they are. */
export function builtDirectory(): string | undefined {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.ts')) return undefined;
  const directory = dirname(here);
  return /[\\/](chunks|worker)$/.test(directory) ? dirname(directory) : directory;
}

/** TensorFlow.js on its wasm backend, one thread, ready to compute; its wasm files lie beside the bundle. */
export async function loadEngine(): Promise<Engine> {
  const [tf, wasm] = await Promise.all([import('@tensorflow/tfjs'), import('@tensorflow/tfjs-backend-wasm')]);
  const built = builtDirectory();
  wasm.setWasmPaths(`${built ?? dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  if (!(await tf.setBackend('wasm'))) throw new Error('TensorFlow.js could not start its wasm backend.');
  return tf;
}
