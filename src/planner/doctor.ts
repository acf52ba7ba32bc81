import { doctorText } from '../text/doctor.ts';
import type { OpenCluster } from './openCluster.ts';
import type { Requests } from './protocol.ts';

/** Checks every source of a cluster, whether it is open or could not be opened. */
export async function doctor(
  { target, name, access }: Requests['doctor'],
  open: OpenCluster | undefined,
  signal: AbortSignal,
): Promise<string> {
  // Where the cluster cannot be read, the findings say why.
  const situation = await open?.readAgain(signal).catch(() => undefined);
  signal.throwIfAborted();
  if (target.kind === 'sample') return doctorText(name, [], situation);
  const { diagnose } = await import('../cluster/kubernetes/diagnose.ts');
  const { kubeconfig, context } = target;
  return doctorText(name, await diagnose({ ...access, kubeconfig, context, signal }), situation);
}
