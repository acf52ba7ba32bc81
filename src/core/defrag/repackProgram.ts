import { admitsModel, classKey, demandMilli, kindKey } from '../fragment/mix.ts';
import type { Target, WaitingTask, Window, WindowTask } from './window.ts';

const MIB = 2 ** 20;

/**
 * The type-count program of a window as LP text: how many tasks of each kind go to each GPU (or node), how many waiting
 * ones are admitted, how many running ones stay. `exact` asks for whole numbers, `relaxed` does not: its value is a
 * bound. Memory is counted in MiB, tasks rounded up, nodes down.
 */
export function repackProgram(
  window: Window,
  moveCostMilli: number,
): {
  readonly exact: string;
  readonly relaxed: string;
  /** Every task with its place, from the solution's values; waiting tasks that are not admitted are left out. */
  targets(values: Readonly<Record<string, number>>): Target[];
} {
  const kinds = [
    ...Map.groupBy<string, WindowTask | WaitingTask>([...window.tasks, ...window.waiting], kindOf).values(),
  ];
  const slots = window.nodes.flatMap(({ gpuMilli }, node) => [
    { node, gpu: -1 },
    ...gpuMilli.map((_, gpu) => ({ node, gpu })),
  ]);
  const objective: string[] = [];
  const rows: string[] = [];
  const integers: string[] = [];
  const perNode = window.nodes.map(() => ({ cpu: [] as string[], memory: [] as string[] }));
  const perGpu = window.nodes.map(({ gpuMilli }) => gpuMilli.map((): string[] => []));
  const places: { readonly kind: number; readonly node: number; readonly gpu: number; readonly name: string }[] = [];

  kinds.forEach((alike, kind) => {
    const { taskClass, memoryBytes } = alike[0]!;
    const running = alike.filter((task): task is WindowTask => 'node' in task);
    const waiting = alike.length - running.length;
    const counts: string[] = [];
    for (const { node, gpu } of slots) {
      if (gpu >= 0 !== (taskClass.gpuCount === 1) || !admitsModel(taskClass, window.nodes[node]!.gpuModel)) continue;
      const name = `x${kind}_${node}_${gpu < 0 ? 'n' : gpu}`;
      places.push({ kind, node, gpu, name });
      counts.push(name);
      integers.push(name);
      perNode[node]!.cpu.push(`${taskClass.milliCpu} ${name}`);
      perNode[node]!.memory.push(`${Math.ceil(memoryBytes / MIB)} ${name}`);
      if (gpu >= 0) perGpu[node]![gpu]!.push(`${taskClass.gpuMilli} ${name}`);
      if (taskClass.gpuCount > 1) wholeGpus(name, node, taskClass.gpuMilli, taskClass.gpuCount);
      const here = running.filter((task) => task.node === node && task.gpu === gpu).length;
      if (here === 0) continue;
      const stays = `s${name.slice(1)}`;
      objective.push(`+ ${moveCostMilli} ${stays}`);
      rows.push(`${stays} - ${name} <= 0`, `${stays} <= ${here}`);
    }
    if (waiting > 0) {
      objective.push(`+ ${demandMilli(alike[0]!.taskClass)} a${kind}`);
      rows.push(`a${kind} <= ${waiting}`);
      integers.push(`a${kind}`);
    }
    rows.push(
      `${[...counts, ...(counts.length === 0 ? [`none${kind}`] : [])].join('\n + ')}${waiting > 0 ? `\n - a${kind}` : ''} = ${running.length}`,
    );
  });

  /** A task of several GPUs takes distinct ones: each at most once per task, and as many as it asks for. */
  function wholeGpus(name: string, node: number, gpuMilli: number, gpuCount: number): void {
    const used = window.nodes[node]!.gpuMilli.map((_, gpu) => {
      const use = `f${name.slice(1)}_${gpu}`;
      perGpu[node]![gpu]!.push(`${gpuMilli} ${use}`);
      rows.push(`${use} - ${name} <= 0`);
      integers.push(use);
      return use;
    });
    rows.push(`${[...used, ...(used.length === 0 ? [`no${name}`] : [])].join('\n + ')}\n - ${gpuCount} ${name} = 0`);
  }

  window.nodes.forEach((node, index) => {
    const { cpu, memory } = perNode[index]!;
    if (cpu.length > 0) rows.push(`${cpu.join('\n + ')} <= ${node.milliCpu}`);
    if (memory.length > 0) rows.push(`${memory.join('\n + ')} <= ${Math.floor(node.memoryBytes / MIB)}`);
    node.gpuMilli.forEach((free, gpu) => {
      const terms = perGpu[index]![gpu]!;
      if (terms.length > 0) rows.push(`${terms.join('\n + ')} <= ${free}`);
    });
  });
  // What stays is worth the cost of its move, so the gain is the value less that of leaving all where it is.
  const relaxed = `Maximize\n obj: ${objective.join('\n ') || '0 none'}\nSubject To\n${rows.join('\n')}\n`;
  return {
    relaxed: `Maximize\n obj: ${objective.filter((term) => term.includes(' a')).join('\n ') || '0 none'}\nSubject To\n${rows.join('\n')}\nEnd\n`,
    exact: `${relaxed}General\n${integers.join('\n')}\nEnd\n`,
    targets: (values) =>
      kinds.flatMap((alike, kind) =>
        assign(
          alike,
          places.filter((place) => place.kind === kind),
          values,
        ),
      ),
  };
}

/** Tasks of a kind to the counts of its places: who is there already stays, the shortest runs first. */
function assign(
  alike: readonly (WindowTask | WaitingTask)[],
  places: readonly { readonly node: number; readonly gpu: number; readonly name: string }[],
  values: Readonly<Record<string, number>>,
): Target[] {
  const left = places.map((place) => ({ ...place, count: Math.round(values[place.name] ?? 0) }));
  const targets: Target[] = [];
  const running = alike
    .filter((task): task is WindowTask => 'node' in task)
    .sort((one, other) => one.remainingSeconds - other.remainingSeconds);
  const settle = (task: WindowTask | WaitingTask, place: (typeof left)[number] | undefined): boolean => {
    if (!place) return false;
    place.count -= 1;
    targets.push({ task, node: place.node, gpu: place.gpu });
    return true;
  };
  const movers = running.filter(
    (task) =>
      !settle(
        task,
        left.find(({ node, gpu, count }) => count > 0 && node === task.node && gpu === task.gpu),
      ),
  );
  for (const task of [...movers, ...alike.filter((one) => !('node' in one))]) {
    settle(
      task,
      left.find(({ count }) => count > 0),
    );
  }
  return targets;
}

function kindOf({ taskClass, memoryBytes }: WaitingTask): string {
  return kindKey(classKey(taskClass), memoryBytes);
}
