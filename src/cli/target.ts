import { resolve } from 'node:path';
import type { Access } from '../cluster/port.ts';
import { InputError } from '../core/model/input.ts';
import { STATE_DIRECTORY_NAME } from '../core/model/stateFiles.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import { SAMPLE_SEED } from '../core/plan/plan.ts';

/** Where Stowage keeps what it knows between two commands: the sample's state, the journal, the predictor. */
export const STATE_DIRECTORY = resolve(STATE_DIRECTORY_NAME);

/** Options that name a cluster, for `parseArgs`. */
export const TARGET_OPTIONS = {
  cluster: { type: 'string' },
  seed: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
} as const;

export const TARGET_HELP = `  --cluster sample   the sample cluster that lives in .stowage/sample.json
  --seed N           the sample's seed (default ${SAMPLE_SEED})
  --kubeconfig FILE  a Kubernetes cluster; without it KUBECONFIG, then ~/.kube/config
  --context NAME     a context of the kubeconfig; without it the current one`;

/** Options that say how a Kubernetes cluster is read, for `parseArgs`. */
export const ACCESS_OPTIONS = {
  prometheus: { type: 'string' },
  parameter: { type: 'string', multiple: true },
} as const;

export const ACCESS_HELP = `  --prometheus WHERE usage and finished runs from a Prometheus, too: http://HOST:PORT, or service:NAMESPACE/NAME:PORT
                     through the API server
  --parameter P=L    a label or annotation that holds a task's creator, type, framework, dataScale, queue or
                     requestedRuntime, for one: --parameter creator=team.example/owner (repeatable)`;

/** @throws InputError for a parameter without a label */
export function accessOf({ prometheus, parameter = [] }: { prometheus?: string; parameter?: string[] }): Access {
  const parameterKeys: Record<string, string[]> = {};
  for (const words of parameter) {
    const [, name, label] = /^(\w+)=(.+)$/.exec(words) ?? [];
    if (!name || !label) throw new InputError(`--parameter ${words} is not of the form creator=LABEL.`);
    parameterKeys[name] = [...(Object.hasOwn(parameterKeys, name) ? parameterKeys[name]! : []), label];
  }
  return { ...(prometheus !== undefined && { prometheus }), ...(parameter.length > 0 && { parameterKeys }) };
}

export type TargetWords = { readonly [name in keyof typeof TARGET_OPTIONS]?: string | undefined };

/**
 * The cluster that a command's words name.
 * @throws InputError when they name none, two, or a seed that is not a whole number
 */
export function targetOf({ cluster, seed, kubeconfig, context }: TargetWords): ClusterTarget {
  const real = kubeconfig !== undefined || context !== undefined;
  if (cluster !== undefined && cluster !== 'sample') {
    throw new InputError(
      `There is no cluster "${cluster}". Use --cluster sample, or --kubeconfig FILE for a real one.`,
    );
  }
  if (cluster === 'sample' || (!real && seed !== undefined)) {
    if (real) throw new InputError('--cluster sample and --kubeconfig or --context name two clusters. Choose one.');
    const number = Number(seed ?? SAMPLE_SEED);
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new InputError(`--seed ${seed} is not a whole number from 0.`);
    }
    return { kind: 'sample', seed: number, directory: STATE_DIRECTORY };
  }
  if (!real) throw new InputError('Which cluster? Use --cluster sample, --kubeconfig FILE, or --context NAME.');
  return {
    kind: 'kubernetes',
    ...(kubeconfig !== undefined && { kubeconfig: resolve(kubeconfig) }),
    ...(context !== undefined && { context }),
  };
}
