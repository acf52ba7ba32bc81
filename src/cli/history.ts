import { openCluster } from '../cluster/open.ts';
import type { Meaning } from '../core/history/columns.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import type { FinishedTask } from '../core/model/finished.ts';
import { InputError } from '../core/model/input.ts';
import { jsonText } from '../core/model/jsonText.ts';
import { plainLine, plainValue } from '../core/model/plain.ts';
import { writeAtomically } from '../io/writeAtomically.ts';
import { describePastOf } from '../text/history.ts';
import { describeProblem } from '../text/problem.ts';
import type { Command } from './command.ts';
import { parseWords } from './parseWords.ts';
import { print, printData, printError } from './plain.ts';
import {
  ACCESS_HELP,
  ACCESS_OPTIONS,
  accessOf,
  STATE_DIRECTORY,
  TARGET_HELP,
  TARGET_OPTIONS,
  targetOf,
} from './target.ts';

const HELP = `stowage history --kubeconfig FILE | --context NAME | --cluster sample: write a cluster's finished tasks to a file

What the cluster still knows and what was kept of it in .stowage, each run once, one JSON object a line:
"stowage train --history FILE" and the notebooks read it. Every call keeps what it finds, so that runs outlive their Jobs.

A Prometheus with kube-state-metrics is asked for the last 30 days, too.

  --out FILE         the file; without it standard output
${TARGET_HELP}
${ACCESS_HELP}
`;

export const run: Command = async (words) => {
  const values = parse(words);
  if (values.help) {
    print(HELP);
    return 0;
  }
  const cluster = await openCluster(targetOf(values), {
    runsDirectory: STATE_DIRECTORY,
    ...accessOf(values),
  });
  try {
    const { tasks, problems } = await cluster.readHistory();
    const lines = tasks.map((task) => `${jsonText(rowOf(task))}\n`).join('');
    if (values.out === undefined) printData(lines);
    else await write(values.out, lines);
    for (const problem of problems) printError(`${describeProblem(plainValue(problem))}\n`);
    printError(`${describePastOf(plainLine(cluster.name), tasks)}\n`);
    return 0;
  } finally {
    await cluster.close();
  }
};

/** A finished task under the names that every reader of history knows. */
function rowOf(task: FinishedTask): Partial<Record<Meaning, string | number>> {
  const { parameters, request, meanUsage } = task;
  const { creator, name, type, framework, dataScale, queue, requestedRuntimeSeconds } = parameters;
  const row: Partial<Record<Meaning, string | number | undefined>> = {
    id: task.id,
    submit: task.submittedAtSeconds,
    start: task.startedAtSeconds,
    end: task.endedAtSeconds,
    creator,
    name,
    type,
    framework,
    scale: dataScale,
    queue,
    request: requestedRuntimeSeconds,
    size: task.size,
    cpu: request.milliCpu / 1000,
    memory: request.memoryBytes,
    gpu: request.gpuMilli / 1000,
    status: task.outcome,
    usedCpu: meanUsage && meanUsage.milliCpu / 1000,
    usedMemory: meanUsage?.memoryBytes,
  };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as Partial<
    Record<Meaning, string | number>
  >;
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeAtomically(file, text);
  } catch (error) {
    throw new InputError(`The history cannot be written to ${file}: ${errorMessage(error)}`);
  }
}

function parse(words: readonly string[]) {
  return parseWords('history', words, {
    options: {
      ...TARGET_OPTIONS,
      out: { type: 'string' },
      ...ACCESS_OPTIONS,
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
