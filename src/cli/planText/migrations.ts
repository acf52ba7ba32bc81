import type { MigrationAdvice } from '../../core/defrag/searchDefrag.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { duration } from '../../words.ts';
import { shortened, table, wrapped } from '../table.ts';
import {
  describeBlocked,
  describeCandidate,
  describeEnd,
  describeGoal,
  describeTrigger,
  nameOf,
  nodeHours,
} from '../words.ts';

import { type Paint, type PlanTextOptions, part, title } from './section.ts';

const BLOCKED_SHOWN = 8;

export function moveText({ migrations, snapshot }: Plan, options: PlanTextOptions): string[] {
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
  const columns = [
    { head: 'task' },
    { head: 'from → to' },
    { head: 'in order to' },
    { head: 'wins' },
    { head: 'costs' },
    { head: 'work lost', align: 'right' as const },
    { head: 'to go', align: 'right' as const },
  ];
  const triggers = snapshot.triggers.map((trigger) =>
    describeTrigger(trigger, nowSeconds, settings.fifthWindowSeconds),
  );
  const shownBlocked = blocked.slice(0, all ? blocked.length : BLOCKED_SHOWN);
  const more = blocked.length - shownBlocked.length + snapshot.counts.blockedLeftOut;
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
    ...(moves.length > 0
      ? [
          '',
          ...table(
            columns,
            moves.map((each, index) => moveCells(each, moves[index - 1], paint)),
          ),
        ]
      : []),
    ...(waits.length > 0
      ? ['', ...goalsOnce(waits).flatMap((each) => wrapped(describeEnd(each, nowSeconds), '  '))]
      : []),
    ...(shownBlocked.length > 0 ? ['', '  Why not'] : []),
    ...shownBlocked.flatMap((each) => wrapped(blockedText(each), '    ').map((line) => paint('dim', line))),
    ...(more > 0 ? [paint('dim', `    and ${more} more${all ? '' : ' (--all)'}`)] : []),
  ];
}

/** One move's row; what belongs to the whole goal stands on the goal's first row. */
function moveCells(advice: MigrationAdvice, above: MigrationAdvice | undefined, paint: Paint): string[] {
  const { taskIds, from, to, goal, gainNodeSeconds, costNodeSeconds, lostSeconds, remaining } = advice;
  const repeated = above !== undefined && JSON.stringify(above.goal) === JSON.stringify(goal);
  const others = taskIds.length > 1 ? ` +${taskIds.length - 1}` : '';
  return [
    `${shortened(nameOf(taskIds[0] ?? ''), 28)}${others}`,
    paint('green', `${from} → ${to}`),
    repeated ? 'the same' : shortened(describeGoal(goal), 40),
    repeated ? '' : nodeHours(gainNodeSeconds),
    repeated ? '' : nodeHours(costNodeSeconds),
    duration(lostSeconds),
    remaining ? duration(remaining.p50) : '',
  ];
}

function blockedText({ taskIds, from, goal, decision }: MigrationAdvice): string {
  const reason = decision.kind === 'blocked' ? describeBlocked(decision.reason) : '';
  if (taskIds.length === 0) return `To ${describeGoal(goal)}: ${reason}.`;
  const others = taskIds.length > 1 ? ` and ${taskIds.length - 1} more` : '';
  return `${nameOf(taskIds[0]!)}${others} on ${from}, to ${describeGoal(goal)}: ${reason}.`;
}

/** One entry a goal. */
function goalsOnce(advice: readonly MigrationAdvice[]): MigrationAdvice[] {
  return [...new Map(advice.map((each) => [JSON.stringify(each.goal), each])).values()];
}
