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

/** The error with the file that was meant in place of what stood for it, a draft or a lock; what is none as it is. */
export function naming(file: string, thrown: unknown): unknown {
  if (!isSystemError(thrown)) return thrown;
  const { code, message } = thrown;
  const said = message.replace(/, \w+ '.*$/s, `, write '${file}'`);
  return Object.assign(new Error(said, { cause: thrown }), { code, path: file });
}
