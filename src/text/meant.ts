/** Every sentence about a cluster that a plan or a journal names, and that its user may not mean. */

export type Strange = {
  /** The plan's file, or the journal. */
  readonly source: string;
  readonly files: readonly string[];
  readonly context: string;
  readonly server: string;
  readonly programs: readonly string[];
};

/** "plan.json names a kubeconfig that is not your own: /tmp/evil.yaml. Opening it reaches … and runs …" */
export function describeStrangeKubeconfig({ source, files, context, server, programs }: Strange): string {
  const runs = programs.length > 0 ? `runs ${programs.map((program) => `"${program}"`).join(', ')}` : 'runs no program';
  return `${source} names a kubeconfig that is not your own: ${files.join(', ')}. Opening its context "${context}" reaches ${server} and ${runs}.`;
}

/** The same where nobody can be asked, with what to pass. */
export function refuseStrangeKubeconfig(strange: Strange): string {
  const { files } = strange;
  return `${describeStrangeKubeconfig(strange)} Nobody can be asked here, and --yes does not answer this: add --kubeconfig ${files.join(':')} if you mean it.`;
}

export function describeOtherSample({
  source,
  directory,
}: {
  readonly source: string;
  readonly directory: string;
}): string {
  return `${source} is of the sample cluster that lives in ${directory}. Run the command in the folder above it, or add --cluster sample for the one here.`;
}

export const NOTHING_CHANGED = 'Nothing was changed.';
