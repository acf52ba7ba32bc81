import { InputError } from './input.ts';

/**
 * Why a file or folder of ours cannot be made or written: the disk or a quota is full, the file system is read-only, the
 * user may not, what should hold it is a file; else what the system says.
 */
export type WhyUnusable =
  | { readonly code: 'full' | 'readOnly' | 'noRight' | 'notAFolder' }
  | { readonly code: 'said'; readonly message: string };

/** A file or folder of a state directory that cannot be made or written; `text/error.ts` has the sentences. */
export class UnusableFile extends InputError {
  readonly file: string;
  readonly why: WhyUnusable;

  /** @param error what the system threw */
  constructor(file: string, error: unknown) {
    super(`${file} cannot be written`, { cause: error });
    this.file = file;
    this.why = whyUnusable(error);
  }
}

/** The error itself where it is known already, else what it keeps from being written. */
export function unusable(file: string, error: unknown): InputError {
  return error instanceof InputError ? error : new UnusableFile(file, error);
}

function whyUnusable(error: unknown): WhyUnusable {
  const { code = '', message = String(error) } = error as { readonly code?: string; readonly message?: string };
  return Object.hasOwn(KNOWN, code) ? { code: KNOWN[code]! } : { code: 'said', message };
}

const KNOWN: Readonly<Record<string, 'full' | 'readOnly' | 'noRight' | 'notAFolder'>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'readOnly',
  EACCES: 'noRight',
  EPERM: 'noRight',
  ENOTDIR: 'notAFolder',
  EEXIST: 'notAFolder',
};
