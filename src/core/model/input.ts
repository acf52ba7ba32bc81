/**
 * Bad input from a user: a file, an option, a plan. The message is one clear text that names it and says what to do.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
}
