/** What was thrown, in words: an error's own message, and whatever else it may be as text. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
