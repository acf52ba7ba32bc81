/** Types of `desktop.mjs`, which runs unbuilt. */
export type Desktop =
  | { readonly kind: 'opened' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string };

export function openDesktop(options: { readonly folder: string; readonly vsix: string }): Desktop;
