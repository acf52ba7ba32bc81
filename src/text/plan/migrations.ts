import { shortened, table, wrapped } from '../../cli/table.ts';
import type { MigrationAdvice } from '../../core/defrag/searchDefrag.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { duration } from '../format.ts';
import {
  counted,
  describeBlocked,
  describeCandidate,
  describeEnd,
  describeGain,
  describeGoal,
  describeRepack,
  describeTrigger,
  nameOf,
  nodeHours,
  REPACK_ORDER,
} from '../sentences.ts';

import { type Paint, type PlanTextOptions, part, title } from './section.ts';

/** Reasons shown for each goal, and goals. */
const REASONS_SHOWN = 4;
const GOALS_SHOWN = 6;

export function moveText({ migrations, moves: planned, snapshot }: Plan, options: PlanTextOptions): string[] {
  const { settings, paint, all } = options;
  const nowSeconds = snapshot.takenAtSeconds;
  const of = (kind: string) => migrations.filter(({ decision }) => decision.kind === kind);
  const [moves, waits, blocked] = [of('migrate'), of('wait'), of('blocked')];
  const held = snapshot.triggers.some((trigger) => trigger.held);
  const summary = [
    part(moves.length, 'to move'),
    part(waits.length, 'better waited for'),
    part(blocked.length, 'blocked'),
  ];
  const triggers = snapshot.triggers.map((trigger) =>
    describeTrigger(trigger, nowSeconds, settings.triggerHoldSeconds),
  );
  const nothing =
    triggers.length === 0 ? 'no trigger' : held ? 'nothing to move' : 'no trigger has held long enough yet';
  return [
    title('MIGRATE', summary.filter(Boolean).join(', ') || nothing, options),
    ...triggers
      .slice(0, all ? triggers.length : 4)
      .flatMap((line) => wrapped(line, '  ').map((each) => paint('dim', each))),
    ...(snapshot.candidates.length > 0
      ? wrapped(
          `candidates: ${snapshot.candidates
            .slice(0, all ? undefined : 5)
            .map(describeCandidate)
            .join(', ')}`,
          '  ',
        ).map((line) => paint('dim', line))
      : []),
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
    const { goal, gainNodeSeconds, costNodeSeconds } = group[0]!;
    const summary = `To ${describeGoal(goal)} ${describeGain(goal)}: wins ${nodeHours(gainNodeSeconds)}, costs ${nodeHours(costNodeSeconds)}`;
    const columns = [{ head: '' }, { head: '' }, { head: '' }, { head: '' }];
    const rows = group.map((move) => moveCells(move, paint));
    const { repack } = group[0]!;
    const packing = repack ? [describeRepack(repack), REPACK_ORDER].flatMap((line) => wrapped(line, '    ')) : [];
    return ['', ...wrapped(summary, '  '), ...packing, ...table(columns, rows, '    ')];
  });
}

function moveCells({ taskIds, from, to, lostSeconds, remaining }: MigrationAdvice, paint: Paint): string[] {
  const others = taskIds.length > 1 ? ` and ${taskIds.length - 1} more` : '';
  return [
    `${shortened(taskIds[0] ?? '', 44)}${others}`,
    paint('green', `${from} → ${to}`),
    `loses ${duration(lostSeconds)} of work`,
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
    const why = `${from === undefined ? '' : `${from}: `}${describeBlocked(decision.reason)}`;
    const reasons = goals.get(name) ?? new Map<string, MigrationAdvice[]>();
    goals.set(name, reasons);
    reasons.set(why, [...(reasons.get(why) ?? []), each]);
  }
  const more = (count: number, what: string) =>
    count > 0 ? [paint('dim', `    and ${counted(count, what)} more${all ? '' : ' (--all)'}`)] : [];
  const shown = [...goals].slice(0, all ? goals.size : GOALS_SHOWN);
  return [
    ...shown.flatMap(([goal, reasons]) => {
      const listed = [...reasons].slice(0, all ? reasons.size : REASONS_SHOWN);
      const lines = listed.flatMap(([why, group]) =>
        wrapped(`${namesText(group.flatMap(({ taskIds }) => taskIds))}${why}`, '    '),
      );
      const rest = more(reasons.size - listed.length, 'reason');
      return ['', `  Why nothing moves to ${goal}`, ...lines.map((line) => paint('dim', line)), ...rest];
    }),
    ...more(goals.size - shown.length + leftOut, 'goal'),
  ];
}

/** `a, b and 3 more on `; empty where nobody is named. */
function namesText(taskIds: readonly string[]): string {
  if (taskIds.length === 0) return '';
  const names = taskIds.slice(0, 2).map(nameOf).join(', ');
  return `${names}${taskIds.length > 2 ? ` and ${taskIds.length - 2} more` : ''} on `;
}

/** One entry a goal. */
function goalsOnce(advice: readonly MigrationAdvice[]): MigrationAdvice[] {
  return [...new Map(advice.map((each) => [JSON.stringify(each.goal), each])).values()];
}
