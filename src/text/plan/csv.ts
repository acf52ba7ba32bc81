import type { Move } from '../../core/model/moves.ts';
import { NO_RESOURCES, type Resources } from '../../core/model/resources.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { type AdviceByTask, adviceByTask, describeWhy } from '../moves.ts';

/**
 * The moves of a plan as CSV (RFC 4180), a row each in the plan's order: amounts in CPUs, GiB and GPUs, without
 * separators. A cell that a spreadsheet would take for a formula begins with an apostrophe.
 */
export function movesCsv(plan: Plan): string {
  const advice = adviceByTask(plan);
  const rows = [[...HEADS], ...plan.moves.map((move) => cellsOf(move, advice))];
  return rows.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

const HEADS = [
  'move',
  'namespace',
  'task',
  'owner',
  'from node',
  'to node',
  'CPU before',
  'CPU after',
  'GiB before',
  'GiB after',
  'GPU before',
  'GPU after',
  'work lost, s',
  'why',
] as const;

function cellsOf(move: Move, advice: AdviceByTask): (string | number)[] {
  const { id } = move.task;
  const slash = id.indexOf('/');
  const { name, owner, from, to, before, after, lostSeconds } = partsOf(move);
  const amounts = [
    [before.milliCpu / 1000, after.milliCpu / 1000],
    [before.memoryBytes / 2 ** 30, after.memoryBytes / 2 ** 30],
    [before.gpuMilli / 1000, after.gpuMilli / 1000],
  ].flat();
  const why = describeWhy(move, advice);
  return [name, id.slice(0, slash), id.slice(slash + 1), owner, from, to, ...amounts, Math.round(lostSeconds), why];
}

type Parts = {
  readonly name: string;
  readonly owner: string;
  readonly from: string;
  readonly to: string;
  readonly before: Resources;
  readonly after: Resources;
  readonly lostSeconds: number;
};

function partsOf(move: Move): Parts {
  const node = move.task.node ?? '';
  const none = { owner: '', from: node, to: node, lostSeconds: 0 };
  switch (move.kind) {
    case 'placement':
      return { ...none, name: 'place', to: move.to, before: NO_RESOURCES, after: move.request };
    case 'resize':
      return { ...none, name: move.direction, before: move.from, after: move.to };
    case 'migration': {
      const { owner, from, to, allocation, run } = move;
      const held = { before: allocation, after: allocation };
      return { name: 'migrate', owner: `${owner.kind} ${owner.name}`, from, to, ...held, lostSeconds: run.lostSeconds };
    }
  }
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(Number(value.toFixed(3)));
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
