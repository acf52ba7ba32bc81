import { errorMessage } from '../core/model/errorMessage.ts';
import type { RowProblem } from '../core/model/finished.ts';
import { InputError } from '../core/model/input.ts';
import { jsonText } from '../core/model/jsonText.ts';
import { ALL_POLICIES, policyName } from '../core/place/policies/policies.ts';
import type { KnowledgeName } from '../core/replay/knowledge.ts';
import { KNOWLEDGE } from '../core/replay/knowledge.ts';
import { readOpenbNodes, readOpenbTasks } from '../core/replay/openb.ts';
import type { ReplayLists } from '../core/replay/replay.ts';
import { MIB, readText as readWholeText } from '../io/readWhole.ts';
import { describeRowsLeftOut } from '../text/history.ts';
import type { ReplayJob } from '../worker/replay.ts';
import { replayOnThreads } from '../worker/threads/replays.ts';
import type { Command } from './command.ts';
import { parseWords } from './parseWords.ts';
import { print, printData, printError, progressLine } from './plain.ts';
import { describeSaturation, describeTimed, saturationReport, timedReport } from './replayReport.ts';

const HELP = `stowage replay --nodes N.csv --tasks T.csv: replay a task list on a node list under policies

Lists are those of Alibaba's cluster-trace-gpu-v2023 (openb): sn,cpu_milli,memory_mib,gpu,model and
name,cpu_milli,memory_mib,num_gpu,gpu_milli[,gpu_spec,qos,scheduled_time,deletion_time].

Without --timed, the published protocol of "Beware of Fragmentation" (ATC'23): tasks arrive in random order up to
the load, none ends. Prints allocation and fragments at 80 … 130 % arrived load, mean of the seeds.

  --policy A,B,…      default: the six published ones and stowage
                      all: ${wrapped(ALL_POLICIES)}
  --seeds 42-51       a range, or numbers with commas between (default 42-51; timed: 42)
  --load 1.3          arrived GPU demand ÷ GPUs (default 1.3; timed: 0.9)
  --moves 300         move up to so many tasks after the last arrival, so that others fit; each move is proven
  --json              one JSON document in place of the tables

With --timed, tasks arrive by a Poisson process with their real runtimes, and end.

  --days 30           simulated days, the first 15 of which (at most half) are not measured
  --cap 100000        longer runs are cut to this many seconds; "none" leaves them
  --knowledge K,…     what is known of runtimes: oracle, once, repredicted, none (default: all four)
  --queue             tasks that fit nowhere wait; without it they are rejected
`;

const PUBLISHED = 'random,dotProduct,gpuClustering,gpuPacking,bestFit,fgd';
/** Policies that look at no runtime: what is known of it changes nothing, so they run once. */
const TIMELESS = new Set(ALL_POLICIES.filter((name) => !['nilas', 'lava', 'stowage', 'stowage-time'].includes(name)));

export const run: Command = async (words) => {
  const { values } = parse(words);
  if (values.help) {
    print(HELP);
    return 0;
  }
  const lists = await readLists(values.nodes, values.tasks);
  const policies = (values.policy ?? `${PUBLISHED},stowage`)
    .split(',')
    .map((given) => ({ given: given.trim(), name: policyName(given) }));
  const timed = values.timed ?? false;
  const seeds = seedsOf(values.seeds ?? (timed ? '42' : '42-51'));
  const load = positive('--load', values.load ?? (timed ? '0.9' : '1.3'));
  const progress = progressLine();
  const replay = async (jobs: readonly ReplayJob[], steps: number) => {
    const total = jobs.length * steps;
    let done = 0;
    const outcomes = await replayOnThreads(lists, jobs, (job, day) => {
      if (steps === 1 || day !== 'done') done += 1;
      progress.show(done / total, `${job.policy} seed ${job.seed}${typeof day === 'number' ? ` day ${day}` : ''}`);
    }).finally(progress.end);
    return outcomes;
  };

  if (!timed) {
    const moveLimit = values.moves === undefined ? 0 : Math.floor(positive('--moves', values.moves));
    const jobs = policies.flatMap(({ name }) =>
      seeds.map((seed) => ({ type: 'saturation' as const, policy: name, seed, load, moveLimit })),
    );
    const outcomes = await replay(jobs, 1);
    const report = saturationReport(policies, seeds, load, outcomes);
    if (values.json) printData(`${jsonText(report, 2)}\n`);
    else print(describeSaturation(report));
    return 0;
  }
  const days = positive('--days', values.days ?? '30');
  const common = {
    type: 'timed' as const,
    load,
    days,
    warmUpDays: Math.min(15, days / 2),
    capSeconds: values.cap === 'none' ? Number.POSITIVE_INFINITY : positive('--cap', values.cap ?? '100000'),
    unplaced: values.queue ? ('wait' as const) : ('drop' as const),
  };
  const asked = knowledgeOf(values.knowledge);
  const runs = policies.flatMap(({ given, name }) =>
    (TIMELESS.has(name)
      ? [{ known: 'none' as const, stands: asked }]
      : asked.map((known) => ({ known, stands: [known] }))
    ).map(({ known, stands }) => ({ given, name, known, stands })),
  );
  const jobs = runs.flatMap(({ name, known }) =>
    seeds.map((seed) => ({ ...common, policy: name, seed, knowledge: known })),
  );
  const report = timedReport(runs, seeds, common, await replay(jobs, Math.floor(days)));
  if (values.json) printData(`${jsonText(report, 2)}\n`);
  else print(describeTimed(report));
  return 0;
};

function parse(words: readonly string[]) {
  return parseWords('replay', words, {
    options: {
      nodes: { type: 'string' },
      tasks: { type: 'string' },
      policy: { type: 'string' },
      seeds: { type: 'string' },
      load: { type: 'string' },
      moves: { type: 'string' },
      timed: { type: 'boolean' },
      days: { type: 'string' },
      cap: { type: 'string' },
      knowledge: { type: 'string' },
      queue: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

async function readLists(nodesPath: string | undefined, tasksPath: string | undefined): Promise<ReplayLists> {
  if (nodesPath === undefined) throw new InputError('replay needs a node list. Add --nodes FILE.');
  if (tasksPath === undefined) throw new InputError('replay needs a task list. Add --tasks FILE.');
  const nodes = readOpenbNodes(await readText(nodesPath));
  const tasks = readOpenbTasks(await readText(tasksPath));
  tellProblems(nodesPath, nodes.problems);
  tellProblems(tasksPath, tasks.problems);
  return { nodes: nodes.nodes, tasks: tasks.tasks };
}

/** Many times the published lists. */
const MOST_BYTES = 256 * MIB;

async function readText(path: string): Promise<string> {
  try {
    return await readWholeText(path, { mostBytes: MOST_BYTES });
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${errorMessage(error)}`);
  }
}

function tellProblems(path: string, problems: readonly RowProblem[]): void {
  if (problems.length === 0) return;
  for (const { line, reason } of problems.slice(0, 5)) printError(`${path}:${line}: left out: ${reason}\n`);
  if (problems.length > 5) printError(`${path}: ${describeRowsLeftOut(problems.length)} in all\n`);
}

function seedsOf(given: string): number[] {
  const seeds = given.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || first! < 0 || last! < first!) {
      throw new InputError(`--seeds ${given} is not a range like 42-51 or a list like 42,43.`);
    }
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
  if (seeds.length > 1000)
    throw new InputError(`--seeds ${given} names ${seeds.length} seeds; at most 1000 are possible.`);
  return seeds;
}

function positive(option: string, given: string): number {
  const value = Number(given);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InputError(`${option} ${given} is not a number above 0.`);
  }
  return value;
}

function knowledgeOf(given: string | undefined): readonly KnowledgeName[] {
  if (given === undefined) return KNOWLEDGE;
  return given.split(',').map((name) => {
    const known = KNOWLEDGE.find((one) => one === name.trim());
    if (!known) throw new InputError(`--knowledge ${name} is none of ${KNOWLEDGE.join(', ')}.`);
    return known;
  });
}

function wrapped(names: readonly string[]): string {
  const lines: string[] = [''];
  for (const name of names) {
    if (`${lines.at(-1)}${name}, `.length > 76) lines.push('');
    lines[lines.length - 1] += `${name}, `;
  }
  return lines.join('\n                      ').replace(/, $/, '');
}
