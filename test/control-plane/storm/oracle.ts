import type { Json } from './admin.ts';
import type { Ran } from './machine.ts';
import { conditionOf, isFinished, isOver, ORIGINAL_REQUEST, ownerOf, PINNED, recordOn } from './objects.ts';
import type { Will } from './users.ts';

/** What must never come of a move. */
export type Violation = { readonly law: Law; readonly text: string };

export const LAWS = {
  lost: 'a task is gone, failed or waits for ever that nobody ended',
  pinned: 'a Job waits for a node that takes no pods, and to which a move has bound it',
  stopped: 'a Job is left stopped that its user did not stop',
  record: 'a record is left behind',
  overruled: 'a user was overruled',
  changed: 'what a user wrote did not come back',
  unsaid: 'a command ended and did not say that a Job is stopped',
  untrue: 'a journal says "not done" of what was done',
  crash: 'a stack trace',
  code: 'an exit code that is not documented',
} as const;
export type Law = keyof typeof LAWS;

/** All that the oracle judges: what the cluster has at the end, what its users want, and what was printed. */
export type Ending = {
  readonly jobs: readonly Json[];
  readonly pods: readonly Json[];
  readonly nodes: readonly Json[];
  readonly wills: ReadonlyMap<string, Will>;
  /** Jobs and bare pods as they were made. */
  readonly manifests: ReadonlyMap<string, Json>;
  readonly ran: readonly Ran[];
  /** The last apply of each machine. */
  readonly lastRan: readonly Ran[];
  readonly exitCodes: ReadonlySet<number>;
  /** Moves by all journals, with the kind of their last state. */
  readonly states: readonly { readonly move: Json; readonly kind: string }[];
};

/** Everything that is not as it must be; empty where all laws held. */
export function violationsOf(ending: Ending): Violation[] {
  return [
    ...[...ending.manifests].flatMap(([name, manifest]) =>
      manifest['kind'] === 'Job' ? ofJob(ending, name, manifest) : ofBarePod(ending, name, manifest),
    ),
    ...ofRecords(ending),
    ...ofResizes(ending),
    ...ofJournals(ending),
    ...ending.ran.flatMap((ran) => ofOutput(ran, ending.exitCodes)),
  ];
}

function ofJob(ending: Ending, name: string, manifest: Json): Violation[] {
  const { jobs, pods, nodes, wills } = ending;
  const job = jobs.find(({ metadata }) => metadata.name === name);
  const will = wills.get(name)!;
  if (will.isDeleted) return [];
  if (!job || job['metadata'].uid !== will.uid) {
    const hasEnded = manifest['spec'].ttlSecondsAfterFinished !== undefined;
    return hasEnded ? [] : [{ law: 'lost', text: `Job ${name} is gone` }];
  }
  const failed = conditionOf(job, 'Failed');
  if (failed)
    return mayFail(failed, manifest, will) ? [] : [{ law: 'lost', text: `Job ${name} failed: ${failed.reason}` }];
  if (conditionOf(job, 'Complete')) return [];
  const { suspend = false } = job['spec'];
  const wrong = [...ofUserEdits(job, will, manifest), ...ofTemplate(job, manifest)];
  if (isLeftByHand(ending, name)) return wrong;
  if (suspend !== will.isSuspended) {
    const text = suspend ? `Job ${name} is stopped` : `Job ${name} runs, and its user had stopped it`;
    return [{ law: suspend ? 'stopped' : 'overruled', text }, ...wrong];
  }
  if (suspend) return wrong;
  const own = pods.filter((pod) => ownerOf(pod) === name && !isOver(pod));
  if (own.length === 0 && !will.isDisturbed) wrong.push({ law: 'lost', text: `Job ${name} runs, and has no pod` });
  const stuck = own.some((pod) => isUnschedulable(pod)) && badPin(job, nodes);
  if (stuck) wrong.push({ law: 'pinned', text: `Job ${name} waits for ${stuck}` });
  return wrong;
}

/**
 * A Job that its user has edited while it was stopped, and of which no journal knows any more, is nobody's to resume but
 * the user's (the first law); every machine says so, and how.
 */
export function isLeftByHand({ wills, lastRan }: Pick<Ending, 'wills' | 'lastRan'>, name: string): boolean {
  const { terms, templateAnnotations, parallelism } = wills.get(name)!;
  const isEdited = terms.length > 0 || Object.keys(templateAnnotations).length > 0 || parallelism !== undefined;
  const says = ({ output, status }: Ran) =>
    status === 3 && output.includes(`${name} is suspended, and is left as it is`) && output.includes('kubectl');
  return isEdited && lastRan.length > 0 && lastRan.every(says);
}

/** What a deadline, or somebody who ended its pods, may do to a Job. */
function mayFail({ reason }: Json, { spec }: Json, { isDisturbed }: Will): boolean {
  return isDisturbed || (reason === 'DeadlineExceeded' && spec.activeDeadlineSeconds !== undefined);
}

/** What users wrote into a Job while it was moved, and what of it is there no more. */
function ofUserEdits({ metadata, spec }: Json, will: Will, manifest: Json): Violation[] {
  const { metadata: template } = spec.template;
  const preferred = preferredTerms(spec.template);
  const lost = [
    ...Object.entries(will.labels).filter(([key, value]) => metadata.labels?.[key] !== value),
    ...Object.entries(will.templateAnnotations).filter(([key, value]) => template.annotations?.[key] !== value),
    ...will.terms.filter((term) => !preferred.some((each) => isSame(each, term))),
    ...(spec.parallelism === (will.parallelism ?? manifest['spec'].parallelism) ? [] : ['parallelism']),
  ];
  return lost.map((what) => ({ law: 'overruled', text: `Job ${metadata.name} has lost its user's ${text(what)}` }));
}

/** The template as it was made, but for our pin, and for amounts where its pods were resized. */
function ofTemplate({ metadata, spec }: Json, manifest: Json): Violation[] {
  const original = manifest['spec'].template;
  const preferred = preferredTerms(spec.template);
  const changed = [
    ...preferredTerms(original).filter((term) => !preferred.some((each) => isSame(each, term))),
    ...(isSame(requiredWithoutPin(spec.template, metadata), requiredOf(original) ?? null)
      ? []
      : [requiredOf(spec.template) ?? 'no required affinity']),
    ...(hasResizes(spec.template) || isSame(amountsOf(spec.template.spec), amountsOf(original.spec))
      ? []
      : [amountsOf(spec.template.spec)]),
  ];
  return changed.map((what) => ({ law: 'changed', text: `Job ${metadata.name}: ${text(what)}` }));
}

function preferredTerms({ spec }: Json): Json[] {
  return spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

function requiredOf({ spec }: Json): Json | undefined {
  return spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
}

/** A Job whose pods were resized keeps that where it goes. */
function hasResizes({ metadata }: Json): boolean {
  return metadata.annotations?.[ORIGINAL_REQUEST] !== undefined;
}

/** The required terms as they are without the node that we pinned the Job to; null where none are left. */
function requiredWithoutPin(template: Json, metadata: Json): Json | null {
  const required = requiredOf(template);
  if (!required) return null;
  const terms = required['nodeSelectorTerms'].map(({ matchFields = [], ...term }: Json) => {
    const fields = matchFields.filter((field: Json) => !isPin(field, metadata));
    return fields.length > 0 ? { ...term, matchFields: fields } : term;
  });
  const left = terms.filter((term: Json) => Object.keys(term).length > 0);
  return left.length > 0 ? { nodeSelectorTerms: left } : null;
}

/** The node that a move has bound a Job to and that takes no pods; undefined when there is none. */
function badPin({ metadata, spec }: Json, nodes: readonly Json[]): string | undefined {
  const terms: Json[] = requiredOf(spec.template)?.['nodeSelectorTerms'] ?? [];
  const pin = terms.flatMap(({ matchFields = [] }) => matchFields).find((field: Json) => isPin(field, metadata));
  const node = pin && nodes.find((each) => each['metadata'].name === pin.values[0]);
  return pin && (!node || node['spec'].unschedulable) ? pin.values[0] : undefined;
}

/** Whether a requirement names the one node that our annotation remembers. */
function isPin({ key, values }: Json, { annotations }: Json): boolean {
  return key === 'metadata.name' && values.length === 1 && Boolean(annotations?.[PINNED]?.includes(values[0]));
}

function ofBarePod({ pods, wills }: Ending, name: string, _: Json): Violation[] {
  const { uid, isDisturbed } = wills.get(name)!;
  const pod = pods.find(({ metadata }) => metadata.uid === uid);
  const isWell = pod && pod['status'].phase !== 'Failed';
  return isWell || isDisturbed ? [] : [{ law: 'lost', text: `pod ${name} is ${pod ? 'failed' : 'gone'}` }];
}

function ofRecords(ending: Ending): Violation[] {
  const { jobs, pods } = ending;
  const isOurs = (job: Json) => !isFinished(job) && !isLeftByHand(ending, job['metadata'].name);
  const living = [...jobs.filter(isOurs), ...pods.filter((pod) => !isOver(pod))];
  return living.flatMap((object) => {
    const record = recordOn(object);
    return record === undefined
      ? []
      : [{ law: 'record', text: `${object['metadata'].name} has ${record.slice(0, 200)}` }];
  });
}

/** A user's resize stands; and a pod that has its first totals again has its first amounts in each container. */
function ofResizes({ pods, wills, manifests }: Ending): Violation[] {
  const resized = new Map([...wills.values()].flatMap((will) => [...will.resized]));
  return pods.flatMap((pod): Violation[] => {
    if (isOver(pod)) return [];
    const { metadata, spec } = pod as { metadata: Json; spec: Json };
    const now = amountsOf(spec);
    const byUser = resized.get(metadata['uid']);
    if (byUser) {
      const wanted = amountsOf({ ...spec, containers: byUser });
      if (isSame(now, wanted)) return [];
      return [
        { law: 'overruled', text: `pod ${metadata['name']}: its user gave it ${text(wanted)}; it has ${text(now)}` },
      ];
    }
    const manifest = manifests.get(ownerOf(pod));
    const original = manifest && amountsOf(manifest['spec'].template?.spec ?? manifest['spec']);
    if (!original || !isSame(totalOf(now), totalOf(original)) || isSame(now, original)) return [];
    return [{ law: 'changed', text: `pod ${metadata['name']} had ${text(original)}; it has ${text(now)}` }];
  });
}

/** A failed placement whose pod is where it was to be, a failed resize whose pod has what it was to get. */
function ofJournals({ pods, states }: Ending): Violation[] {
  const idOf = (move: Json) => `${move['task'].uid} ${text(move['to'])}`;
  const done = new Set(states.filter(({ kind }) => kind === 'done').map(({ move }) => idOf(move)));
  return states.flatMap(({ move, kind }): Violation[] => {
    const pod = pods.find(({ metadata }) => metadata.uid === move['task'].uid);
    if (kind !== 'failed' || !pod || isOver(pod) || done.has(idOf(move))) return [];
    return isDone(move, pod['spec']) ? [{ law: 'untrue', text: `"${move['id']}" has failed, and is done` }] : [];
  });
}

function isDone({ kind, from, to }: Json, spec: Json): boolean {
  if (kind === 'placement') return spec['nodeName'] === to;
  if (kind !== 'resize') return false;
  const { cpu, memory } = totalOf(amountsOf(spec));
  const has = ({ milliCpu, memoryBytes }: Json) => cpu === milliCpu && memory === memoryBytes;
  return has(to) && !has(from);
}

function ofOutput({ machine, words, output, status, sent, signal }: Ran, documented: ReadonlySet<number>): Violation[] {
  const command = `${machine} $ stowage ${words.join(' ')}`;
  const trace = /^\s+at .*(?:file:|node:|\.js:\d).*$/m.exec(output);
  const found: Violation[] = trace ? [{ law: 'crash', text: `${command}: ${firstError(output)}` }] : [];
  const isBySignal = sent !== undefined && (signal !== null || (status ?? 0) > 128);
  if (status !== null ? !documented.has(status) && !isBySignal : !isBySignal) {
    found.push({ law: 'code', text: `${command}: exit ${status ?? signal}` });
  }
  return found;
}

function firstError(output: string): string {
  return /^.*Error.*$/m.exec(output)?.[0].slice(0, 300) ?? output.slice(-300);
}

function isUnschedulable({ spec, status }: Json): boolean {
  return spec.nodeName === undefined && status.phase === 'Pending';
}

/** Requests and limits of each container in thousandths of a core and bytes. */
function amountsOf({ containers = [], initContainers = [] }: Json): Json {
  const numbers = (list: Json = {}) =>
    Object.fromEntries(Object.entries(list).map(([name, quantity]) => [name, numberOf(name, String(quantity))]));
  return [...containers, ...initContainers].map(({ name, resources }: Json) => ({
    name,
    requests: numbers(resources.requests),
    limits: numbers(resources.limits),
  }));
}

function totalOf(amounts: Json): Json {
  const sum = (name: string) =>
    (amounts as unknown as Json[]).reduce((total, { requests }) => total + (requests[name] ?? 0), 0);
  return { cpu: sum('cpu'), memory: sum('memory') };
}

function numberOf(name: string, quantity: string): number {
  const [, digits = '', unit = ''] = /^([\d.]+)(\w*)$/.exec(quantity) ?? [];
  return Math.round(Number(digits) * (UNITS[unit] ?? Number.NaN) * (name === 'cpu' ? 1000 : 1));
}

const UNITS: Readonly<Record<string, number>> = { '': 1, m: 0.001, k: 1e3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

function isSame(left: unknown, right: unknown): boolean {
  return text(left) === text(right);
}

/** JSON with its keys in order, without what is empty. */
function text(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    const entries = Object.entries(each).filter(([, inner]) => inner !== undefined && !isEmptyList(inner));
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
