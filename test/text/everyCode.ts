import assert from 'node:assert/strict';

/** One value for each code of a union, so that the compiler asks for one more when a code is added. */
export type OneOfEach<Union extends { readonly code: string }> = {
  readonly [Code in Union['code']]: Union & { readonly code: Code };
};

/** A text that is whole sentences, and names every argument of the value that it is made from. */
export function saysAll(text: string, value: object): void {
  assert.match(text, /[.?]$/);
  for (const argument of argumentsOf(value)) {
    assert.ok(text.toLowerCase().includes(argument.toLowerCase()), `"${argument}" is not in: ${text}`);
  }
}

function argumentsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.entries(value).flatMap(([key, part]) => (key === 'code' ? [] : argumentsOf(part)));
}
