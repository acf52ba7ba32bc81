import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../core/predict/training.ts';

/** The folder the bundle was built into; undefined when the sources run as they are. */
export function builtDirectory(): string | undefined {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.ts')) return undefined;
  const directory = dirname(here);
  return /[\\/](chunks|worker)$/.test(directory) ? dirname(directory) : directory;
}

/**
 * TensorFlow.js, ready to compute: the workspace's own tfjs-node where there is one and it loads, else the wasm backend
 * on one thread, whose wasm files lie beside the bundle. `getBackend()` of the engine says which.
 * @param workspace folder whose `node_modules` are searched; name only one whose code may run
 */
export async function loadEngine(workspace?: string): Promise<Engine> {
  return (workspace === undefined ? undefined : await nativeEngine(workspace)) ?? wasmEngine();
}

const NATIVE = '@tensorflow/tfjs-node';

/**
 * tfjs-node of a workspace; undefined where there is none, or none that computes on this machine. Another package in
 * its place, which an override can put there, is not even loaded: all copies of TensorFlow.js in a process share one
 * engine.
 */
async function nativeEngine(workspace: string): Promise<Engine | undefined> {
  try {
    const require = createRequire(join(workspace, 'package.json'));
    if (require(`${NATIVE}/package.json`).name !== NATIVE) return undefined;
    const engine = require(NATIVE) as Engine;
    await engine.ready();
    const sum = engine.tidy(() => engine.add(1, 2).dataSync()[0]);
    return sum === 3 ? engine : undefined;
  } catch {
    return undefined;
  }
}

async function wasmEngine(): Promise<Engine> {
  const [tf, wasm] = await Promise.all([import('@tensorflow/tfjs'), import('@tensorflow/tfjs-backend-wasm')]);
  const built = builtDirectory();
  wasm.setWasmPaths(`${built ?? dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  if (!(await tf.setBackend('wasm'))) throw new Error('TensorFlow.js could not start its wasm backend.');
  return tf;
}
