/** A code, or the sentence that version 0.1.0 wrote in its place; that is shown as it was written. */
export type Written<T> = T | string;
