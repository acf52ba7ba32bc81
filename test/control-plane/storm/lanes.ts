import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type NodeShape, startCluster } from '../cluster.ts';
import { Admin } from './admin.ts';
import { jsonLines } from './jsonLines.ts';
import { documentedExitCodes } from './machine.ts';
import { LANE } from './manifests.ts';
import { type Lane, type RoundResult, runRound } from './round.ts';

const ROLES = join(import.meta.dirname, '../../../media/rbac');
const NODES_A_LANE = ['a', 'b', 'c'];

/** A round that ran to its end, or that the storm itself could not carry out. */
export type Row = RoundResult | { readonly seed: number; readonly error: string };

export type StormOptions = {
  readonly seeds: readonly number[];
  /** Rounds side by side, each lane on nodes of its own; they share one control plane, and its restarts. */
  readonly lanes: number;
  /** Where rounds that broke a law stay, and `rounds.jsonl` with a line a round; those that are there are not run again. */
  readonly folder: string;
  readonly onRound?: (row: Row) => void;
};

/** Runs rounds, on a control plane of their own. @returns a row for each seed, by seed */
export async function storm({ seeds, lanes, folder, onRound = () => {} }: StormOptions): Promise<Row[]> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'rounds.jsonl');
  const rows = new Map<number, Row>(jsonLines<RoundResult>(file).map((row) => [row.seed, row]));
  const waiting = seeds.filter((seed) => !rows.has(seed));
  if (waiting.length > 0) {
    await withLanes(Math.min(lanes, waiting.length), async (lane) => {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
        const row = await rowOf(seed, lane, join(folder, `round-${seed}`));
        if (!('error' in row)) appendFileSync(file, `${JSON.stringify(row)}\n`);
        rows.set(seed, row);
        onRound(row);
      }
    });
  }
  return seeds.map((seed) => rows.get(seed)!);
}

async function rowOf(seed: number, lane: Lane, folder: string): Promise<Row> {
  try {
    const row = await runRound(seed, lane, folder);
    if (row.violations.length === 0) rmSync(folder, { recursive: true, force: true });
    return row;
  } catch (error) {
    return { seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Starts the control plane, runs `work` in each lane at once, and ends everything. */
async function withLanes(count: number, work: (lane: Lane) => Promise<void>): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => String(index));
  const nodesOf = (name: string) => NODES_A_LANE.map((letter) => `lane-${name}-${letter}`);
  const shape =
    (lane: string) =>
    (name: string): NodeShape => {
      return { name, milliCpu: 8000, memoryBytes: 32 * 2 ** 30, labels: { [LANE]: lane } };
    };
  const test = await startCluster({ nodes: names.flatMap((name) => nodesOf(name).map(shape(name))) });
  const admin = new Admin(test);
  try {
    for (const role of ['nodes', 'reader', 'operator']) {
      await test.kubectl(['apply', '-f', '-'], readFileSync(join(ROLES, `${role}.yaml`), 'utf8'));
    }
    await admin.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'storm' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'stowage-nodes' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:serviceaccounts' }],
    });
    const exitCodes = await documentedExitCodes();
    await Promise.all(names.map((name) => work({ name, nodes: nodesOf(name), test, admin, exitCodes })));
  } finally {
    await admin.close();
    await test.stop();
  }
}
