import type { Law } from './laws.ts';

/** A law that is broken today: its number in the list of findings, and how many disturbances it takes. */
export type Known = { readonly finding: string; readonly disturbances: number };

/** By a law, in one scenario. */
type Knowns = { readonly [law in Law]?: Known };

function known(finding: string, disturbances: number): Known {
  return { finding, disturbances };
}

/** What no move of ours keeps. */
const EVERYWHERE: Knowns = { 'the ledger says what the journal says': known('31', 1) };

/** What no resize keeps. */
const RESIZES: Knowns = {
  ...EVERYWHERE,
  'no record is left': known('2', 0),
  "a user's resize stays": known('2', 1),
};

/**
 * Laws that the code breaks today, by scenario. The tests expect them to be broken: whoever mends one takes its line
 * out, and the law is held to from then on. Of the model itself is finding 31: a process that ends between an entry in
 * the journal and its row in the ledger leaves the row open for ever.
 */
export const KNOWN: Readonly<Record<string, Knowns>> = {
  'a migration': EVERYWHERE,
  'a migration of two tasks': EVERYWHERE,
  'a second migration': EVERYWHERE,
  'a migration of a resized task': {
    ...EVERYWHERE,
    'no record is left': known('2', 1),
    'a passing fault ends no process once it has begun': known('2', 1),
  },
  'a migration that 0.1 has begun': EVERYWHERE,
  'a shrink': RESIZES,
  'an expand': RESIZES,
  'an undo': {
    ...EVERYWHERE,
    'no record is left': known('2', 0),
    "an undo gives back each container's amounts": known('16', 0),
    'a passing fault ends no process once it has begun': known('2', 1),
  },
  'a placement': EVERYWHERE,
  'a plan of three moves': { ...EVERYWHERE, ...RESIZES },
  'a record of 0.1 on a pod': { 'no record is left': known('2', 0), "a user's resize stays": known('2', 1) },
};
