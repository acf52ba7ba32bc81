/** An error of the operating system, as Node throws it: a file that is not there, a disk that is full. */
export type SystemError = Error & {
  /** `ENOSPC`, `EACCES`, …. */
  readonly code: string;
  /** The file, where there is one. */
  readonly path?: string;
};

export function isSystemError(thrown: unknown): thrown is SystemError {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  return typeof thrown.code === 'string' && /^E[A-Z0-9]+$/.test(thrown.code);
}
