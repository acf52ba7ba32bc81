import { type ExecPlugin, isOwnKubeconfig, kubeconfigFiles, readContext } from './api/kubeconfig.ts';

/** What opening a context would reach and run. */
export type Reach = {
  readonly files: readonly string[];
  readonly context: string;
  readonly server: string;
  /** Command lines of the programs that it names for credentials, with what it sets for them in their environment. */
  readonly programs: readonly string[];
};

/**
 * What opening a kubeconfig would reach and run where it is not the user's own; undefined where it is. The file is read,
 * and nothing else: no program runs, no file that it names is opened, no server is asked.
 * @throws InputError when it cannot be read, or has no such context
 */
export function strangeReach(kubeconfig: string | undefined, contextName: string | undefined): Reach | undefined {
  if (isOwnKubeconfig(kubeconfig)) return undefined;
  const { name, server, extra } = readContext(kubeconfig, contextName);
  return {
    files: kubeconfigFiles(kubeconfig),
    context: name,
    server,
    programs: extra.exec ? [lineOf(extra.exec)] : [],
  };
}

function lineOf({ env, command, args }: ExecPlugin): string {
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [...set, command, ...args].join(' ');
}
