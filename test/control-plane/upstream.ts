import { buildCluster } from './build.ts';
import { run } from './run.ts';

/** An answer, or why upstream refused the question. */
export type OrError<Answer> = Answer | { readonly error: string };

/** A quantity as integers, rounded up; beyond 2^63 as upstream's arithmetic overflows. */
export type Amount = { readonly milli: string; readonly value: string };

/** A pod, and the cluster it is to be placed in: API objects. Finished pods hold nothing. */
export type FilterQuestion = {
  readonly pod: object;
  readonly nodes: readonly object[];
  /** Pods that are bound, with `spec.nodeName`. */
  readonly pods?: readonly object[];
  readonly namespaces?: readonly object[];
  readonly persistentVolumes?: readonly object[];
  readonly persistentVolumeClaims?: readonly object[];
  readonly storageClasses?: readonly object[];
};

export type Verdict =
  | { readonly fits: true }
  | { readonly fits: false; readonly plugin: string; readonly reasons: readonly string[] };

/** kube-scheduler's verdict on each node, by node name: whether the pod fits, or its first filter that refused it. */
export function upstreamFilter(
  questions: readonly FilterQuestion[],
): Promise<OrError<Readonly<Record<string, Verdict>>>[]> {
  return ask('filter', questions.map(toJson));
}

/** What the scheduler holds for each pod, by resource. Pods are taken as they are: the API server's defaults are not added. */
export function upstreamRequests(pods: readonly object[]): Promise<OrError<Readonly<Record<string, Amount>>>[]> {
  return ask('requests', pods.map(toJson));
}

/** What each text means as a Kubernetes quantity. */
export function upstreamQuantities(texts: readonly string[]): Promise<OrError<Amount>[]> {
  const broken = texts.find((text) => text.includes('\n'));
  if (broken !== undefined) throw new RangeError(`a quantity must be one line: ${JSON.stringify(broken)}`);
  return ask('quantity', texts);
}

async function ask<Answer>(command: string, lines: readonly string[]): Promise<Answer[]> {
  const { cluster } = await buildCluster();
  const output = await run(cluster, [command], lines.map((line) => `${line}\n`).join(''));
  return output.split('\n', lines.length).map((line) => JSON.parse(line) as Answer);
}

function toJson(value: object): string {
  return JSON.stringify(value);
}
