import { openCluster as openUnwatched } from '../../../src/cluster/open.ts';
import { openJournal as openUnwatchedJournal } from '../../../src/operate/journal.ts';
import { watchedCluster, watchedJournal } from '../countSteps.ts';

let left = Number(process.env['STOP_AFTER_STEPS']);
const signal = (process.env['STOP_BY'] ?? 'SIGKILL') as NodeJS.Signals;

function step(): void {
  left -= 1;
  if (left === 0) process.kill(process.pid, signal);
}

export const openCluster: typeof openUnwatched = async (...args) => {
  const cluster = await openUnwatched(...args);
  const readTraces = cluster.readTraces.bind(cluster);
  const eraseTraces = cluster.eraseTraces.bind(cluster);
  return { ...watchedCluster(cluster, step), readTraces, eraseTraces };
};

export const openJournal: typeof openUnwatchedJournal = async (...args) =>
  watchedJournal(await openUnwatchedJournal(...args), step);
