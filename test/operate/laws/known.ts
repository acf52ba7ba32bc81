import type { Law } from './laws.ts';

/** A law that is broken today: its number in the list of findings, and how many disturbances it takes. */
export type Known = { readonly finding: string; readonly disturbances: number };

/** By a law, in one scenario. */
type Knowns = { readonly [law in Law]?: Known };

function known(finding: string, disturbances: number): Known {
  return { finding, disturbances };
}

/** What no migration keeps. */
const MIGRATIONS: Knowns = { 'no process that ends leaves a task stopped': known('33', 2) };

/** What none keeps whose target may fill up. */
const PINNED: Knowns = { 'no task waits for a node that does not take it': known('34', 2) };
const FILLED: Knowns = { ...MIGRATIONS, ...PINNED };

/**
 * Laws that the code breaks today, by scenario. The tests expect them to be broken: whoever mends one takes its line
 * out, and the law is held to from then on. The model itself found 31 (a crash between journal and ledger left a row
 * open for ever; mended), 32 (a Job that its user suspended while it started was resumed; mended), 33 (an edit between
 * an orphan's suspension and its resume ends the process, which does not say what is stopped) and 34 (a required pin
 * outlives its move where its node fills up and a crash or its user ends the move: the task waits though others take it).
 */
export const KNOWN: Readonly<Record<string, Knowns>> = {
  'a migration': FILLED,
  'a migration of two tasks': FILLED,
  'a second migration': MIGRATIONS,
  'a migration of a resized task': MIGRATIONS,
  'a migration that 0.1 has begun': PINNED,
};
