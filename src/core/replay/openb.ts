import type { FleetNode } from '../fleet/fleet.ts';
import type { TaskClass } from '../fragment/mix.ts';
import { OPEN_QUOTE } from '../history/csv.ts';
import { openbLines } from '../history/openb.ts';
import type { RowFault, RowProblem } from '../model/finished.ts';
import { InputError } from '../model/input.ts';

/** A row of a task list: what it asks, and, where the list has times, how long it ran. */
export type ListedTask = {
  readonly name: string;
  readonly taskClass: TaskClass;
  readonly memoryBytes: number;
  /** Deletion − scheduling; absent where a time is missing or the clock jumped back. */
  readonly runtimeSeconds?: number;
  readonly qos?: string;
};

export type NodeList = { readonly nodes: readonly FleetNode[]; readonly problems: readonly RowProblem[] };
export type TaskList = { readonly tasks: readonly ListedTask[]; readonly problems: readonly RowProblem[] };

const BYTES_PER_MIB = 2 ** 20;

/**
 * Reads a node list of Alibaba's cluster-trace-gpu-v2023 (openb): `sn, cpu_milli, memory_mib, gpu, model`. Columns are
 * found by name, in any order; unknown ones are passed over. Nodes without GPUs are read like all others.
 * @returns the nodes in file order, and each row that could not be used with its line number
 * @throws InputError where a column is missing or no row can be used
 */
export function readOpenbNodes(text: string): NodeList {
  const problems: RowProblem[] = [];
  const nodes: FleetNode[] = [];
  for (const { line, cells } of rowsOf(text, 'node list', ['sn', 'cpu_milli', 'memory_mib', 'gpu'], problems)) {
    const milliCpu = amount(cells['cpu_milli']);
    const memoryMib = amount(cells['memory_mib']);
    const gpuCount = amount(cells['gpu'] || '0');
    const bad = firstBad({ cpu_milli: milliCpu, memory_mib: memoryMib, gpu: gpuCount });
    if (bad) problems.push({ line, ...badAmount(bad, cells[bad]) });
    else if (gpuCount > 30)
      problems.push({ line, code: 'amount', reason: `gpu is ${gpuCount}; at most 30 a node are possible` });
    else {
      const gpuModel = cells['model'] || undefined;
      nodes.push({
        name: cells['sn'] || `line ${line}`,
        milliCpu,
        memoryBytes: memoryMib * BYTES_PER_MIB,
        gpuCount,
        gpuModel,
      });
    }
  }
  if (nodes.length === 0) throw new InputError(noRows('node list', problems));
  return { nodes, problems };
}

/**
 * Reads a task list of the same trace: `name, cpu_milli, memory_mib, num_gpu, gpu_milli` and, where present, `gpu_spec`
 * (admissible models, `|` between them), `scheduled_time`, `deletion_time` (seconds).
 * @returns the tasks in file order, and each row that could not be used, or not its runtime, with its line number
 * @throws InputError where a column is missing or no row can be used
 */
export function readOpenbTasks(text: string): TaskList {
  const problems: RowProblem[] = [];
  const tasks: ListedTask[] = [];
  const needed = ['name', 'cpu_milli', 'memory_mib', 'num_gpu', 'gpu_milli'];
  for (const { line, cells } of rowsOf(text, 'task list', needed, problems)) {
    const milliCpu = amount(cells['cpu_milli']);
    const memoryMib = amount(cells['memory_mib']);
    const gpuCount = amount(cells['num_gpu'] || '0');
    const gpuMilli = amount(cells['gpu_milli'] || '0');
    const bad = firstBad({ cpu_milli: milliCpu, memory_mib: memoryMib, num_gpu: gpuCount, gpu_milli: gpuMilli });
    if (bad) {
      problems.push({ line, ...badAmount(bad, cells[bad]) });
    } else if (gpuCount > 0 && (gpuMilli === 0 || gpuMilli > 1000)) {
      problems.push({
        line,
        code: 'amount',
        reason: `gpu_milli is ${gpuMilli} for ${gpuCount} GPU(s); 1 to 1000 a GPU is needed`,
      });
    } else {
      const { scheduled_time: scheduled, deletion_time: deleted } = cells;
      const runtimeSeconds = runtimeOf(scheduled, deleted);
      if (scheduled && deleted && runtimeSeconds === undefined) {
        problems.push({
          line,
          code: 'runtimeUnknown',
          reason: `its runtime only: from scheduled_time ${scheduled} to deletion_time ${deleted}`,
        });
      }
      tasks.push({
        name: cells['name'] || `line ${line}`,
        taskClass: {
          milliCpu,
          gpuMilli: gpuCount > 0 ? gpuMilli : 0,
          gpuCount,
          gpuModels: gpuCount > 0 ? (cells['gpu_spec'] ?? '').split('|').filter((model) => model !== '') : [],
        },
        memoryBytes: memoryMib * BYTES_PER_MIB,
        ...(runtimeSeconds === undefined ? {} : { runtimeSeconds }),
        ...(cells['qos'] ? { qos: cells['qos'] } : {}),
      });
    }
  }
  if (tasks.length === 0) throw new InputError(noRows('task list', problems));
  return { tasks, problems };
}

type ListRow = { readonly line: number; readonly cells: Readonly<Record<string, string>> };

function* rowsOf(text: string, what: string, needed: readonly string[], problems: RowProblem[]): Generator<ListRow> {
  const [header = '', ...lines] = text.split(/\r?\n/);
  const { columns, cellsOf } = openbLines(header);
  const missing = needed.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw new InputError(
      `The ${what} has no column ${missing.map((name) => `"${name}"`).join(', ')}. Its first line must name at least: ${needed.join(',')}.`,
    );
  }
  for (const [index, text] of lines.entries()) {
    if (text.trim() === '') continue;
    const line = index + 2;
    const cells = cellsOf(text);
    if (cells) yield { line, cells };
    else problems.push({ line, ...OPEN_QUOTE });
  }
}

/** A whole number from 0 to 2^40, in MiB an exbibyte; NaN for anything else. */
function amount(cell: string | undefined): number {
  const value = cell === undefined || cell === '' ? Number.NaN : Number(cell);
  return Number.isSafeInteger(value) && value >= 0 && value <= 2 ** 40 ? value : Number.NaN;
}

function badAmount(column: string, cell: string | undefined): RowFault {
  return {
    code: 'amount',
    reason: `${column} is "${cell}"; a whole number of at least 0 is needed, and one that may be true`,
  };
}

function firstBad(amounts: Readonly<Record<string, number>>): string | undefined {
  return Object.keys(amounts).find((name) => Number.isNaN(amounts[name]));
}

function runtimeOf(scheduled: string | undefined, deleted: string | undefined): number | undefined {
  if (!scheduled || !deleted) return undefined;
  const seconds = Number(deleted) - Number(scheduled);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function noRows(what: string, problems: readonly RowProblem[]): string {
  const first = problems[0];
  return first
    ? `The ${what} has no usable row: line ${first.line}: ${first.reason}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}.`
    : `The ${what} has no rows. Give a CSV file with a header line and one row each.`;
}
