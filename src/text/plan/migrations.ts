import type { MigrationAdvice } from '../../core/defrag/searchDefrag.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { duration, names, number, plural } from '../format.ts';
import {
  describeBlocked,
  describeCandidates,
  describeEnd,
  describeGain,
  describeGoal,
  describeNoMigrations,
  describeRepack,
  describeTriggers,
  nameOf,
  REPACK_ORDER,
} from '../migration.ts';
import { describeLoss } from '../operation.ts';
import { shortened, table, wrapped } from '../table.ts';
import { type Paint, type PlanTextOptions, summaryOf, title } from './section.ts';

/** Reasons shown for each goal, and goals. */
const REASONS_SHOWN = 4;
const GOALS_SHOWN = 6;

export function moveText(plan: Plan, options: PlanTextOptions): string[] {
  const { migrations, moves: planned, snapshot } = plan;
  const { paint, all } = options;
  const nowSeconds = snapshot.takenAtSeconds;
  const of = (kind: string) => migrations.filter(({ decision }) => decision.kind === kind);
  const [moves, waits, blocked] = [of('migrate'), of('wait'), of('blocked')];
  const summary = summaryOf([
    [moves.length, (count) => `${count} to move`],
    [waits.length, (count) => `${count} better waited for`],
    [blocked.length, (count) => `${count} blocked`],
  ]);
  const begun = snapshot.triggers.every(({ held }) => held);
  const why = migrations.length === 0 && begun ? [describeNoMigrations(plan)] : [];
  const triggers = describeTriggers(plan);
  const candidates = describeCandidates(snapshot.candidates, all ? undefined : 5);
  const notes = [
    ...why,
    ...triggers.slice(0, all ? triggers.length : 4),
    ...(candidates === undefined ? [] : [candidates]),
  ];
  return [
    title('MIGRATE', summary ?? (begun ? 'nothing to move' : 'no trigger has held long enough yet'), options),
    ...notes.flatMap((note) => wrapped(note, '  ')).map((line) => paint('dim', line)),
    ...movesText(inTurn(moves, planned), paint),
    ...(waits.length > 0
      ? ['', ...goalsOnce(waits).flatMap((each) => wrapped(describeEnd(each, nowSeconds), '  '))]
      : []),
    ...blockedText(blocked, snapshot.counts.blockedLeftOut, options),
  ];
}

/** Advice in the order in which the plan carries it out. */
function inTurn(advice: readonly MigrationAdvice[], planned: Plan['moves']): MigrationAdvice[] {
  const turns = new Map(planned.map(({ task }, turn) => [task.id, turn]));
  const turnOf = ({ taskIds }: MigrationAdvice) => Math.min(...taskIds.map((id) => turns.get(id) ?? planned.length));
  return [...advice].sort((left, right) => turnOf(left) - turnOf(right));
}

/** Moves under what they are for: the goal, what it wins and costs, then one row a move. */
function movesText(moves: readonly MigrationAdvice[], paint: Paint): string[] {
  const goals = new Map<string, MigrationAdvice[]>();
  for (const move of moves) {
    const key = JSON.stringify(move.goal);
    goals.set(key, [...(goals.get(key) ?? []), move]);
  }
  return [...goals.values()].flatMap((group) => {
    const columns = [{ head: '' }, { head: '' }, { head: '' }, { head: '' }];
    const rows = group.map((move) => moveCells(move, paint));
    const { repack } = group[0]!;
    const packing = repack ? [describeRepack(repack), REPACK_ORDER].flatMap((line) => wrapped(line, '    ')) : [];
    return ['', ...wrapped(describeGain(group[0]!), '  '), ...packing, ...table(columns, rows, '    ')];
  });
}

function moveCells({ taskIds, from, to, lostSeconds, remaining }: MigrationAdvice, paint: Paint): string[] {
  const first = shortened(taskIds[0] ?? '', 44);
  return [
    taskIds.length > 1 ? `${first} and ${number(taskIds.length - 1)} more` : first,
    paint('green', `${from} → ${to}`),
    describeLoss(lostSeconds),
    remaining ? `${duration(remaining.p50)} to go` : '',
  ];
}

/** Why not, goal by goal: tasks of one node that one reason keeps stand together. */
function blockedText(blocked: readonly MigrationAdvice[], leftOut: number, { paint, all }: PlanTextOptions): string[] {
  const goals = new Map<string, Map<string, MigrationAdvice[]>>();
  for (const each of blocked) {
    if (each.decision.kind !== 'blocked') continue;
    const { goal, from, decision } = each;
    const name = goal.kind === 'start' ? `start ${nameOf(goal.taskId)}` : describeGoal(goal);
    const reasons = goals.get(name) ?? new Map<string, MigrationAdvice[]>();
    goals.set(name, reasons);
    const key = `${from ?? ''} ${describeBlocked(decision.reason)}`;
    reasons.set(key, [...(reasons.get(key) ?? []), each]);
  }
  const more = (count: number, of: typeof MORE_REASONS) =>
    count > 0 ? [paint('dim', `    ${plural(count, of)}${all ? '' : ' (--all)'}`)] : [];
  const shown = [...goals].slice(0, all ? goals.size : GOALS_SHOWN);
  return [
    ...shown.flatMap(([goal, reasons]) => {
      const listed = [...reasons.values()].slice(0, all ? reasons.size : REASONS_SHOWN);
      const lines = listed.flatMap((group) => wrapped(reasonText(group), '    '));
      const rest = more(reasons.size - listed.length, MORE_REASONS);
      return ['', `  Why nothing moves to ${goal}`, ...lines.map((line) => paint('dim', line)), ...rest];
    }),
    ...more(goals.size - shown.length + leftOut, MORE_GOALS),
  ];
}

const MORE_REASONS = { one: 'and # reason more', other: 'and # reasons more' };
const MORE_GOALS = { one: 'and # goal more', other: 'and # goals more' };

/** `a, b and 3 more on gpu-1: it has no owner that would start it again`. */
function reasonText(group: readonly MigrationAdvice[]): string {
  const [first] = group;
  if (first?.decision.kind !== 'blocked') return '';
  const why = describeBlocked(first.decision.reason);
  const tasks = group.flatMap(({ taskIds }) => taskIds).map(nameOf);
  const who = names(tasks, 2);
  if (tasks.length > 0) return first.from === undefined ? `${who}: ${why}` : `${who} on ${first.from}: ${why}`;
  return first.from === undefined ? why : `${first.from}: ${why}`;
}

/** One entry a goal. */
function goalsOnce(advice: readonly MigrationAdvice[]): MigrationAdvice[] {
  return [...new Map(advice.map((each) => [JSON.stringify(each.goal), each])).values()];
}
