export type Documented = { readonly signature: string; readonly text: string };

/** What completion and hover say of the libraries a cell finds, by dotted path. */
export const DOCUMENTATION: Readonly<Record<string, Documented>> = {};
