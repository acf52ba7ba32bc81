import { strangeReach } from '../cluster/kubernetes/reach.ts';
import { InputError } from '../core/model/input.ts';
import { plainValue } from '../core/model/plain.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import {
  describeOtherSample,
  describeStrangeKubeconfig,
  NOTHING_CHANGED,
  refuseStrangeKubeconfig,
} from '../text/meant.ts';
import { canAsk, isConfirmed, print } from './plain.ts';
import { STATE_DIRECTORY } from './target.ts';

/** What names a target beside a plan. */
export const JOURNAL = 'The journal in .stowage';

/**
 * The cluster that a plan or a journal names, as far as its user means it. Both lie in a folder that may come from
 * anywhere, and a kubeconfig may run programs and send any file to any server: one that is not the user's own is opened
 * only after a yes to a question of its own, which `--yes` does not answer.
 * @param source what names it, for the question
 * @param named what the command's words name: it counts, and takes from `recorded` the kubeconfig or the context where
 * it names one of them alone
 * @returns undefined where the user says no
 * @throws InputError where nobody can be asked, or the kubeconfig cannot be read
 */
export async function meantTarget(
  source: string,
  recorded: ClusterTarget | undefined,
  named: ClusterTarget | undefined,
): Promise<ClusterTarget | undefined> {
  const target = completed(named, recorded);
  if (target?.kind !== 'kubernetes') return named || !target ? target : ownSample(source, target);
  const isNamed = named?.kind === 'kubernetes' && named.kubeconfig !== undefined;
  const reach = isNamed ? undefined : strangeReach(target.kubeconfig, target.context);
  if (!reach) return target;
  const shown = plainValue({ source, ...reach });
  if (!canAsk()) throw new InputError(refuseStrangeKubeconfig(shown));
  print(`${describeStrangeKubeconfig(shown)}\n`);
  if (await isConfirmed('Open it?')) return target;
  print(`${NOTHING_CHANGED}\n`);
  return undefined;
}

function completed(named: ClusterTarget | undefined, recorded: ClusterTarget | undefined): ClusterTarget | undefined {
  if (named?.kind !== 'kubernetes' || recorded?.kind !== 'kubernetes') return named ?? recorded;
  return { ...recorded, ...named };
}

/** The sample is written where it lives: elsewhere than here only by a command that is run there. */
function ownSample(source: string, sample: Extract<ClusterTarget, { kind: 'sample' }>): ClusterTarget {
  if (sample.directory === STATE_DIRECTORY) return sample;
  throw new InputError(describeOtherSample(plainValue({ source, directory: sample.directory })));
}
