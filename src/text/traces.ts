import { mayLoseSome, TRACE_NAMES, type TracedObject, type TraceName, type WhyKept } from '../core/model/traces.ts';
import type { Erased } from '../operate/eraseTraces.ts';
import { describeFailure } from './failure.ts';
import { list, names, number, plural } from './format.ts';
import { describeRefusedAct } from './refusal.ts';

/** Every sentence about the traces that Stowage leaves on a cluster, and about taking them off. */

export const ERASE_VERB = 'Take them off';

export function describeNoTraces(cluster: string): string {
  return `There is no trace of Stowage on ${cluster} that can be taken off.`;
}

/** From how many objects what is taken off, a line each annotation, and what that means. */
export function describeErasure(cluster: string, objects: readonly TracedObject[]): string {
  const going = objects.filter(mayLoseSome);
  const lines = TRACE_NAMES.flatMap((name) => {
    const on = going.filter((object) => loses(object, name));
    return on.length > 0 ? [`  ${name}: ${byNamespace(on)}`] : [];
  });
  const count = plural(going.length, { one: '# object', other: '# objects' });
  const originals = going.some((object) => loses(object, 'stowage.dev/original-request'));
  return [
    `Take the traces of Stowage off ${count} of ${cluster}:`,
    ...lines,
    ...(originals ? [ORIGINALS_GO] : []),
    'Nothing else of these objects changes, and no task is stopped.',
  ].join('\n');
}

const ORIGINALS_GO = 'A later plan takes what these tasks ask for now as what they asked for at first.';

/** What stays, a line each annotation and reason, with what ends it; empty where nothing does. */
export function describeKept(objects: readonly TracedObject[]): string {
  const kept = objects.flatMap((object) =>
    object.traces.flatMap(({ name, kept: why }) => (why ? [{ object, name, why: describeWhyKept(why) }] : [])),
  );
  const lines = Map.groupBy(kept, ({ name, why }) => `${name} ${why}`);
  return [...lines.values()]
    .map((all) => `${all[0]!.name} stays on ${byNamespace(all.map(({ object }) => object))}: ${all[0]!.why}`)
    .join('\n');
}

/** What came of it: how many objects have lost their traces, then a line for each that has not. */
export function describeErased(erased: readonly Erased[]): string {
  const done = erased.filter(({ result }) => result.kind === 'done' && result.kept.length === 0).length;
  const off = plural(done, { one: '# object has lost its traces.', other: '# objects have lost their traces.' });
  const kept = erased.flatMap(({ object, result }) =>
    result.kind === 'done' ? [{ ...object, traces: result.kept }] : [],
  );
  return [off, describeKept(kept), ...erased.flatMap(failureLine)].filter((line) => line !== '').join('\n');
}

function failureLine({ object, result }: Erased): string[] {
  if (result.kind === 'done') return [];
  if (result.kind === 'refused') return [describeRefusedAct(result)];
  return [`It is not known whether ${titleOf(object)} has lost its traces: ${describeFailure(result.why)}`];
}

/** Without `--traces`: what removes the rest, and what the state directory holds. */
export function describeUninstall(directory: string, files: readonly string[]): string {
  const holds =
    files.length > 0
      ? `${directory} holds ${list(files)}: what was applied and learned here. Delete it by hand once no move waits.`
      : `${directory} holds nothing.`;
  return [
    'To remove the extension, choose Uninstall in the Extensions view of the editor; it leaves no program running.',
    holds,
    'To take what Stowage has left off the objects of a cluster: stowage uninstall --traces --kubeconfig FILE',
  ].join('\n');
}

function describeWhyKept(why: WhyKept): string {
  switch (why.code) {
    case 'underWay':
      return 'a move is under way there, or was cut off. Run "stowage apply", which ends it, then this again.';
    case 'pinHolds':
      return `its pin still sends its tasks to ${why.node}. It ends with the object; where the node takes no tasks any more, "stowage apply" takes it off.`;
    case 'templateFixed':
      return 'a template can change only while its Job is suspended and has no active pod. It goes with the Job.';
    case 'notOurs':
      return 'it is nothing that Stowage writes. Take it off by hand if it is not needed.';
    case 'rewritten':
      return 'somebody has written it anew meanwhile. Run this again.';
  }
}

function titleOf({ kind, namespace, name, isTemplate }: TracedObject): string {
  return `${isTemplate ? 'the template of ' : ''}${kind} ${namespace}/${name}`;
}

/** "3 in default (a, b, and c), 12 in team (d, e, f, and 9 more)". */
function byNamespace(objects: readonly TracedObject[]): string {
  const groups = Map.groupBy(objects, ({ namespace }) => namespace);
  return [...groups]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([namespace, on]) => {
      const all = on.map(({ name, isTemplate }) => (isTemplate ? `template of ${name}` : name)).sort();
      return `${number(on.length)} in ${namespace} (${names(all, 3)})`;
    })
    .join(', ');
}

function loses({ traces }: TracedObject, trace: TraceName): boolean {
  return traces.some(({ name, kept }) => name === trace && !kept);
}
