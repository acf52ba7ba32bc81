/**
 * Makes the networks in media/: `node bench/pretrain.ts NAME LOG.swf.gz…` writes media/NAME.json. The shipped ones:
 *   pretrained        KTH-SP2-1996-2.1-cln.swf.gz HPC2N-2002-2.1-cln.swf.gz
 *   pretrained-kth    KTH-SP2-1996-2.1-cln.swf.gz
 *   pretrained-hpc2n  HPC2N-2002-2.1-cln.swf.gz
 */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { seededRandom } from '../src/core/model/random.ts';
import { networkJson } from '../src/core/predict/networkFile.ts';
import { loadEngine } from '../src/io/engine.ts';
import { readHistoryFile } from '../src/io/history.ts';
import { historyDigest } from '../src/io/networks.ts';
import { pretrainNetwork } from './pretrainNetwork.ts';

const STEPS = 4000;
const SEED = 1;
const [name, ...paths] = process.argv.slice(2);
if (!name || paths.length === 0) throw new Error('Usage: node bench/pretrain.ts NAME LOG.swf.gz…');

const histories = await Promise.all(paths.map(async (path) => (await readHistoryFile({ path })).tasks));
let smoothed = Number.NaN;
const network = pretrainNetwork(histories, {
  tf: await loadEngine(),
  random: seededRandom(SEED),
  steps: STEPS,
  onProgress: (step, loss) => {
    smoothed = Number.isNaN(smoothed) ? loss : 0.98 * smoothed + 0.02 * loss;
    if (step % 200 === 0) console.error(`step ${step} of ${STEPS}: loss ${smoothed.toFixed(3)}`);
  },
});
const card = {
  title: `pretrained on ${paths.map((path) => basename(path).split('-')[0]).join(' and ')}`,
  logs: paths.map((path, at) => ({
    name: basename(path),
    digest: historyDigest(histories[at]!),
    rows: histories[at]!.length,
  })),
  notes: [
    `${STEPS} steps of 512 runs, seed ${SEED}, by bench/pretrain.ts; loss: negative log-likelihood of ln runtime.`,
    'The logs are of the Parallel Workloads Archive (https://www.cs.huji.ac.il/labs/parallel/workload/), Standard Workload Format, cleaned versions.',
    'Clock, absolute scale, names, queues, types, frameworks, data scale and usage were hidden: their weights are 0.',
  ],
};
writeFileSync(
  new URL(`../media/${name}.json`, import.meta.url),
  `${JSON.stringify(networkJson({ network, card }), null, 1)}\n`,
);
