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

/**
 * Laws that the code breaks today, by scenario. The tests expect them to be broken: whoever mends one takes its line
 * out, and the law is held to from then on. The model itself found 31 (a crash between journal and ledger left a row
 * open for ever; mended), 32 (a Job that its user suspended while it started was resumed; mended), 33 (an edit between
 * an orphan's suspension and its resume ends the process, which does not say what is stopped) and 34 (a required pin
 * outlived its move where its node filled up and a crash or its user ended the move; mended).
 */
export const KNOWN: Readonly<Record<string, Knowns>> = {
  'a migration': MIGRATIONS,
  'a migration of two tasks': MIGRATIONS,
  'a second migration': MIGRATIONS,
  'a migration of a resized task': MIGRATIONS,
};
