/**
 * Since when the conditions that the method waits for have held, in epoch seconds by the condition's key. A plan gives
 * it back (`Plan.since`) and its host hands it to the next one, so that a wait goes on over plans and processes; a
 * condition that no longer holds is not in it. Empty: this is the first look.
 */
export type Since = Readonly<Record<string, number>>;
