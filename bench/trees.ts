/**
 * How soon a change of one pod is in the trees: `node bench/trees.ts --on KUBECONFIG [--pod NAMESPACE/NAME] [--rounds 20]`,
 * on a cluster that `bench/scale.ts --hold` has filled; `bench/scale.ts` runs it last. Needs the built extension. Planning thread, session and trees are
 * those of the extension; what they need of the editor is stood in for. Each round changes the pod's creator, which its row
 * shows, and waits (once there are predictions) for the event that asks the editor to draw that row again. Processor time is of the editor's thread.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Connection } from '../src/cluster/kubernetes/api/connection.ts';
import { readContext } from '../src/cluster/kubernetes/api/kubeconfig.ts';
import type { NodesElement } from '../src/views/nodesTree.ts';
import type { TasksElement } from '../src/views/tasksTree.ts';

const { values } = parseArgs({
  options: {
    on: { type: 'string' },
    pod: { type: 'string', default: 'load-0/train-0-0' },
    rounds: { type: 'string', default: '20' },
  },
});
if (values.on === undefined) throw new Error('Name the kubeconfig of a filled cluster: --on KUBECONFIG.');

/** What session and trees use of the editor. */
const EDITOR = `
export class EventEmitter {
  listeners = new Set();
  event = (listener) => { this.listeners.add(listener); return { dispose: () => this.listeners.delete(listener) }; };
  fire(value) { for (const listener of [...this.listeners]) listener(value); }
  dispose() { this.listeners.clear(); }
}
export class TreeItem { constructor(label, collapsibleState) { Object.assign(this, { label, collapsibleState }); } }
export class ThemeIcon { constructor(id, color) { Object.assign(this, { id, color }); } }
export class ThemeColor { constructor(id) { this.id = id; } }
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const Disposable = { from: (...all) => ({ dispose: () => all.forEach((each) => each.dispose()) }) };
export const commands = { executeCommand: async () => {} };
export const workspace = { isTrusted: true, getConfiguration: () => ({ get: (_, otherwise) => otherwise, inspect: () => undefined }) };
export const window = {};
`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vscode'
      ? { url: `data:text/javascript,${encodeURIComponent(EDITOR)}`, shortCircuit: true }
      : next(specifier, context),
});
const { Session } = await import('../src/editor/session.ts');
const { NodesTree } = await import('../src/views/nodesTree.ts');
const { TasksTree } = await import('../src/views/tasksTree.ts');
const { Pins } = await import('../src/views/pins.ts');

const directory = mkdtempSync(join(tmpdir(), 'stowage-trees-'));
const connection = new Connection(readContext(values.on));
const memento = { get: (_: string, otherwise: unknown) => otherwise, update: async () => {}, keys: () => [] };
const quiet = { info() {}, warn: console.error, error: console.error };
const planner = join(import.meta.dirname, '../dist/planner.js');
const session = new Session(planner, directory, memento as never, quiet as never);
const pins = new Pins(memento as never);
const nodes = new NodesTree(session, pins);
const tasks = new TasksTree(session, pins);

try {
  await measure();
} finally {
  session.dispose();
  await connection.close();
  rmSync(directory, { recursive: true });
}

async function measure(): Promise<void> {
  const longest = watchThread();
  await session.open({ kind: 'kubernetes', kubeconfig: values.on! });
  const { state } = session;
  if (state.kind !== 'open') throw new Error(`not opened: ${state.kind === 'failed' ? state.message : state.kind}`);
  while (session.state.kind === 'open' && session.state.view.predictor.startsWith('none')) await pause(500);
  const { view } = state;
  const place = view.tasks.find(({ id }) => id === values.pod)!;
  await pause(1000);
  const expanded = expand(place.node);
  console.log(
    `${view.nodes.length} nodes, ${view.tasks.length} tasks, ${expanded} rows drawn; editor's thread held ${longest()}`,
  );
  const [namespace, name] = values.pod.split('/') as [string, string];
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  const took: number[] = [];
  const [before, all] = [process.threadCpuUsage(), process.cpuUsage()];
  for (let round = 0; round < Number(values.rounds); round++) {
    const creator = `user-${Date.now()}`;
    const drawn = shows(values.pod, creator);
    await connection.send(path, {
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { 'stowage.dev/creator': creator } } },
    });
    const written = performance.now();
    const found = await Promise.race([drawn, pause(20_000)]);
    if (typeof found === 'number') took.push(Math.max(0, found - written));
    await pause(1500 + 500 * Math.random());
  }
  const [own, together] = [process.threadCpuUsage(before), process.cpuUsage(all)];
  took.sort((a, b) => a - b);
  const at = (fraction: number) => took[Math.ceil(fraction * took.length) - 1]?.toFixed(0);
  console.log(
    `one change: ${took.length} of ${values.rounds} drawn after ${at(0.5)} ms (median), ${at(0.9)} ms (nine of ten), ${at(1)} ms (all)`,
  );
  const each = (used: NodeJS.CpuUsage) => (used.user + used.system) / 1000 / Number(values.rounds);
  console.log(
    `processor time a round: editor's thread ${each(own).toFixed(0)} ms, which it held ${longest()}; all others ${(each(together) - each(own)).toFixed(0)} ms`,
  );
}

/** Asks for the rows that an editor with some rows expanded has drawn; tells how many. */
function expand(node: string | undefined): number {
  const roots = nodes.getChildren();
  const open = roots.filter((row) => row.kind === 'node').filter((row, index) => index < 10 || row.node.name === node);
  const below = open.flatMap((row) => nodes.getChildren(row));
  const groups = tasks.getChildren().filter((row) => row.kind === 'group');
  const inGroups = groups.slice(0, 10).flatMap((row) => tasks.getChildren(row));
  return roots.length + below.length + groups.length + inGroups.length;
}

/** When a tree asks to draw the row of a task that shows this text. */
function shows(id: string, text: string): Promise<number> {
  return new Promise((resolve) => {
    const listener = (rows: readonly (NodesElement | TasksElement)[] | undefined) => {
      const found = rows?.some((row) => row.kind === 'task' && row.task.id === id && row.task.creator === text);
      if (!found) return;
      for (const each of listening) each.dispose();
      resolve(performance.now());
    };
    const listening = [nodes.onDidChangeTreeData(listener), tasks.onDidChangeTreeData(listener)];
  });
}

/** The longest piece of processor time between two rounds of the thread's own, since it was last asked. */
function watchThread(): () => string {
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let [last, most] = [used(), 0];
  setInterval(() => {
    const now = used();
    most = Math.max(most, now - last);
    last = now;
  }, 1).unref();
  return () => {
    const text = `${most.toFixed(1)} ms at most`;
    most = 0;
    return text;
  };
}
