import { type Migration, type Move, namespaceOf, type Placement, type Resize } from '../model/moves.ts';
import { type Resources, sumResources } from '../model/resources.ts';
import { resized } from './goals.ts';

/** What some moves change in all: amounts are not negative. */
export type Stakes = {
  /** What pending tasks take. */
  readonly placed: Resources;
  /** What running tasks give back, and get. */
  readonly givenBack: Resources;
  readonly given: Resources;
};

export type NamespaceStakes = Stakes & { readonly name: string; readonly moves: number };

/** What moves take and give. No moves: nothing. */
export function stakesOf(moves: readonly Move[]): Stakes {
  const placements = moves.filter((move): move is Placement => move.kind === 'placement');
  return {
    placed: sumResources(placements.map(({ request }) => request)),
    ...resized(moves.filter((move): move is Resize => move.kind === 'resize')),
  };
}

/** The same by the namespace of the tasks, those with most moves first. */
export function stakesByNamespace(moves: readonly Move[]): NamespaceStakes[] {
  const groups = Map.groupBy(moves, namespaceOf);
  return [...groups]
    .map(([name, some]) => ({ name, moves: some.length, ...stakesOf(some) }))
    .sort((left, right) => right.moves - left.moves || (left.name < right.name ? -1 : 1));
}

/** The migrations that lose work, the most first. */
export function losses(moves: readonly Move[]): Migration[] {
  return moves
    .filter((move): move is Migration => move.kind === 'migration' && move.run.lostSeconds > 0)
    .sort((left, right) => right.run.lostSeconds - left.run.lostSeconds);
}
