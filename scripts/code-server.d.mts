/** Types of `code-server.mjs`, which runs unbuilt. */
export const CODE_SERVER_VERSION: string;
export const CODE_SERVER_HOME: string;
export const QUIET_SETTINGS: Readonly<Record<string, unknown>>;

export type CodeServerState =
  | { readonly kind: 'installed' }
  | { readonly kind: 'installable' }
  | { readonly kind: 'missing'; readonly reason: string; readonly remedy: string };

export type RunningCodeServer = {
  readonly url: string;
  readonly port: number;
  /** All it has printed. */
  output(): string;
  /** Settles when the process ends, with its exit code. */
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
};

type Places = { readonly userData: string; readonly extensions: string };
type Progress = { readonly onProgress?: (line: string) => void };

export function findCodeServer(): CodeServerState;
export function installCodeServer(options?: Progress): Promise<void>;
export function installExtension(options: Places & { readonly vsix: string }): Promise<void>;
export function startCodeServer(
  options: Places & {
    readonly folder: string;
    readonly trust?: boolean;
    readonly port?: number;
    readonly environment?: Readonly<Record<string, string>>;
  },
): Promise<RunningCodeServer>;
export function startEditor(
  options: Progress & { readonly folder: string; readonly vsix: string; readonly port?: number },
): Promise<RunningCodeServer>;

/** What npm is given to install code-server in `directory`; an absent value is taken away. */
export function installEnvironment(directory: string): Readonly<Record<string, string | undefined>>;
