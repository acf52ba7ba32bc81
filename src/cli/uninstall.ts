import { readdir } from 'node:fs/promises';
import { openCluster } from '../cluster/open.ts';
import { plainLine, plainValue } from '../core/model/plain.ts';
import { isSystemError } from '../core/model/systemError.ts';
import { mayLoseSome } from '../core/model/traces.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import { type Erased, eraseTraces } from '../operate/eraseTraces.ts';
import { openJournal } from '../operate/journal.ts';
import { NOTHING_CHANGED } from '../text/meant.ts';
import { describeProblem } from '../text/problem.ts';
import {
  describeErased,
  describeErasure,
  describeKept,
  describeNoTraces,
  describeUninstall,
  ERASE_VERB,
} from '../text/traces.ts';
import type { Command } from './command.ts';
import { EXIT } from './complaint.ts';
import { failed, orStopped } from './failed.ts';
import { isAgreed } from './operating.ts';
import { parseWords } from './parseWords.ts';
import { print, printError } from './plain.ts';
import { STATE_DIRECTORY, TARGET_HELP, TARGET_OPTIONS, targetOf } from './target.ts';
import { untilStopped } from './untilStopped.ts';

const HELP = `stowage uninstall [--traces] [--yes]: take off what Stowage has left on a cluster

With --traces: tells every annotation of Stowage on Jobs, on their templates and on pods, says which it takes off and
which stay and why, asks once, and takes them off. The record of a move that is not over stays, and so does the note of
a pin that still holds: "stowage apply" ends the one, and takes off a pin that leads nowhere. No task is stopped. The
Lease "stowage" of a namespace, which nobody holds, you delete yourself. Without --traces: says how the extension is
removed and what .stowage holds; changes nothing.

  --yes              does not ask whether to take them off
${TARGET_HELP}

Exit code 0: all that can go is off. 1: some is not, or you declined. 2: refused, or the cluster did not answer or let
itself be read. 3: tasks are stopped; run "stowage apply" to go on.
`;

export const run: Command = async (words) => {
  const { help, traces, yes, ...named } = parse(words);
  if (help) {
    print(HELP);
    return EXIT.done;
  }
  if (!traces) {
    print(`${describeUninstall(STATE_DIRECTORY, await stateFiles())}\n`);
    return EXIT.done;
  }
  const target = targetOf(named);
  return untilStopped((signal) =>
    withoutTraces(target, yes === true, signal).then(orStopped, (error: unknown) => failed(error, signal)),
  );
};

/** No move of this machine is carried out meanwhile: the journal's lock is held. */
async function withoutTraces(target: ClusterTarget, yes: boolean, signal: AbortSignal): Promise<number> {
  const journal = await openJournal(STATE_DIRECTORY);
  try {
    const cluster = await openCluster(target, { signal });
    try {
      const { objects, problems } = await cluster.readTraces(signal);
      for (const problem of problems) printError(`${plainLine(describeProblem(problem))}\n`);
      const unread = problems.length > 0 ? EXIT.refused : EXIT.done;
      const kept = describeKept(plainValue(objects));
      if (kept !== '') print(`${kept}\n`);
      if (!objects.some(mayLoseSome)) {
        print(`${plainLine(describeNoTraces(cluster.name))}\n`);
        return unread;
      }
      print(`${describeErasure(plainLine(cluster.name), plainValue(objects))}\n`);
      if (!(await isAgreed(ERASE_VERB, yes, signal))) {
        print(`${NOTHING_CHANGED}\n`);
        return EXIT.failed;
      }
      const erased = await eraseTraces(cluster, objects, { signal });
      print(`${describeErased(plainValue(erased))}\n`);
      return Math.max(unread, signal.aborted ? EXIT.failed : EXIT.done, ...erased.map(codeOf));
    } finally {
      await cluster.close();
    }
  } finally {
    await journal.close();
  }
}

function codeOf({ result }: Erased): number {
  if (result.kind === 'unanswered') return EXIT.refused;
  return result.kind === 'done' && result.kept.length === 0 ? EXIT.done : EXIT.failed;
}

/** The names of what the state directory holds; none where it is not there. */
async function stateFiles(): Promise<string[]> {
  try {
    return (await readdir(STATE_DIRECTORY)).sort();
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    throw error;
  }
}

function parse(words: readonly string[]) {
  return parseWords('uninstall', words, {
    options: {
      ...TARGET_OPTIONS,
      traces: { type: 'boolean' },
      yes: { type: 'boolean', short: 'y' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
