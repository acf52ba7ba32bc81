import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { settingsOf } from '../../src/cli/settings.ts';
import type { Connection } from '../../src/cluster/kubernetes/api/connection.ts';
import { listContexts, readContext } from '../../src/cluster/kubernetes/api/kubeconfig.ts';
import { milliValue, parseQuantity, wholeValue } from '../../src/cluster/kubernetes/api/quantity.ts';
import { checkpointOf, parseDuration, taskParameters } from '../../src/cluster/kubernetes/model/parameters.ts';
import { recordsOn } from '../../src/cluster/kubernetes/model/records.ts';
import { prometheusAt, prometheusHistory, prometheusUsage } from '../../src/cluster/kubernetes/watch/prometheus.ts';
import { RunRecord } from '../../src/cluster/kubernetes/watch/runs.ts';
import type { FinishedTask } from '../../src/core/model/finished.ts';
import { InputError } from '../../src/core/model/input.ts';
import { isRecord } from '../../src/core/model/isRecord.ts';
import { DEFAULT_SETTINGS, SETTINGS } from '../../src/core/model/settings.ts';
import { digest } from '../../src/core/plan/digest.ts';
import { parsePlan } from '../../src/core/plan/parsePlan.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { previewPlan } from '../../src/core/plan/previewPlan.ts';
import { parseNetwork } from '../../src/core/predict/networkFile.ts';
import { fitPredictor, predictSnapshot } from '../../src/core/predict/predictor.ts';
import { formatPredictor, parsePredictor } from '../../src/core/predict/predictorFile.ts';
import { readOpenbNodes, readOpenbTasks } from '../../src/core/replay/openb.ts';
import { EDITOR_DEFAULTS, type EditorSettings, editorSetting, methodSettingsOf } from '../../src/editor/settings.ts';
import { readHistoryFile } from '../../src/io/history.ts';
import { readPretrained } from '../../src/io/networks.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { readKeptUsage } from '../../src/io/usageDigest.ts';
import { parseFromKernel, parseToKernel } from '../../src/notebook/messages.ts';
import { readOperations, unfinished } from '../../src/operate/journal.ts';
import { openLedger, predictedRows } from '../../src/operate/ledger.ts';
import { parseFromWebview, parseToWebview } from '../../src/panel/protocol.ts';
import { readSince } from '../../src/planning/since.ts';
import { movesDoneLines } from '../../src/text/movesDone.ts';
import { describeQuestion } from '../../src/text/operation.ts';
import { everything, plan as planOf } from '../core/plan/everything.ts';
import { recurringHistory } from '../core/predict/histories.ts';
import { amounts, aNode, aSnapshot, aTask } from '../core/small.ts';
import { parquet } from '../io/parquetFile.ts';
import { EVERY_ENTRY } from '../operate/everyState.ts';
import type { Form } from './mutate.ts';

/** A parser with valid inputs. `read` gives back what was read, in which no number may be absurd, or throws in words. */
export type Target = {
  readonly name: string;
  readonly form: Form;
  readonly seeds: readonly Buffer[];
  /** @param directory empty but for what earlier cases of this target wrote */
  readonly read: (input: Buffer, directory: string) => unknown;
  /** Further errors that the parser's docstring promises. */
  readonly mayThrow?: (error: unknown) => boolean;
};

const document = (value: unknown) => Buffer.from(JSON.stringify(value));
const documents = (...values: readonly unknown[]) =>
  Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
const textOf = (...lines: readonly string[]) => Buffer.from(`${lines.join('\n')}\n`);
const parsed = (input: Buffer): unknown => {
  try {
    return JSON.parse(input.toString());
  } catch {
    throw new InputError('no JSON');
  }
};
const written = (directory: string, name: string, input: Buffer): string => {
  const file = join(directory, name);
  writeFileSync(file, input);
  return file;
};

const PLAN: Plan = planOf(everything());
const SNAPSHOT = aSnapshot(
  [aNode('n1', amounts(8, 8))],
  [aTask('t', undefined, amounts(1, 1)), aTask('r', 'n1', amounts(1, 1))],
);
const HISTORY = recurringHistory(60);

/** A plan as it lies there, or with its digest made anew, as a stranger would. */
function readPlan(input: Buffer, renew: boolean): unknown {
  const value = parsed(input);
  const { id: _, ...content } = isRecord(value) ? value : {};
  const plan = parsePlan(renew && isRecord(value) ? { ...value, id: digest(content, sha256) } : value, sha256);
  return describeQuestion({ kind: 'apply', preview: previewPlan(plan), moves: plan.moves });
}

const JOURNAL = documents(...EVERY_ENTRY);

/** Numbers of every prediction, which are all there and none absurd. */
function predictions(input: Buffer): unknown {
  const told = Object.values(predictSnapshot(parsePredictor(parsed(input), 'the file'), SNAPSHOT));
  for (const { runtime, bestRatioSeconds } of told) {
    const missing = [...runtime.seconds, bestRatioSeconds].some((seconds) => typeof seconds !== 'number');
    if (missing || runtime.seconds.length === 0) return Number.NaN;
  }
  return told;
}

/** A history of at most 100 years a run, in which nothing is absurd. */
async function history(file: string, columns?: string): Promise<unknown> {
  const { tasks } = await readHistoryFile({ path: file, ...(columns !== undefined && { columns }) });
  return runs(tasks);
}

function runs(tasks: readonly FinishedTask[]): unknown {
  const wrong = tasks.find(
    ({ startedAtSeconds, endedAtSeconds }) => !(endedAtSeconds - startedAtSeconds < 100.1 * 366 * 86400),
  );
  return wrong ? { runtime: Number.NaN } : tasks;
}

const COLUMNS = 'submit=s,start=b,end=e,creator=u,name=n,request=r,cpu=c,memory=m,gpu=g,status=o,usedCpu=x,scale=d';
const CSV = textOf(
  's,b,e,u,n,r,c,m,g,o,x,d',
  '100,110,200,ann,train,600,2,1024,1,done,1.5,7',
  '2026-01-01T00:00:00Z,2026-01-01T00:01:00Z,2026-01-01T01:00:00Z,"b ""o"" b","a,b",,0.5,,,failed,,',
  '1700000000000,1700000000001,1700000005000,eve,x,1,1,1,1,killed,1,1',
);
const LINES = documents(
  { id: 'a', submit: 100, start: 110, end: 200, creator: 'ann', cpu: 2, memory: 5, gpu: 1, status: 'Succeeded' },
  { submit: '2026-01-01T00:00:00Z', runtime: 60, size: 4, request: 100, scale: 3, usedMemory: 7 },
);
const SWF = textOf(
  '; UnixStartTime: 1000000',
  '7 100 5 60 2 -1 -1 4 600 1024 1 3 -1 9 2 -1 -1 -1',
  '8 200 0 90 1 -1 -1 1 -1 -1 0 4 -1 1 1 -1 -1 -1',
);
const OPENB = textOf(
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time',
  'openb-pod-0000,12000,16384,1,1000,,LS,Running,0,12537496,5',
  'openb-pod-0001,6000,12288,1,460,,LS,Running,427061,12902960,427061',
);
const METRICS = textOf(
  '# HELP kube_pod_created Unix creation timestamp',
  'kube_pod_created{namespace="ml",pod="t-x7k2p"} 100',
  'kube_pod_start_time{namespace="ml",pod="t-x7k2p"} 110',
  'kube_pod_completion_time{namespace="ml",pod="t-x7k2p"} 1.71e+03',
  'kube_pod_owner{namespace="ml",pod="t-x7k2p",owner_kind="Job",owner_name="t"} 1',
  'kube_pod_container_resource_requests{namespace="ml",pod="t-x7k2p",resource="cpu",unit="core"} 1.5',
  'kube_pod_labels{namespace="ml",pod="t-x7k2p",label_user="a\\"b"} 1',
  'kube_pod_status_phase{namespace="ml",pod="t-x7k2p",phase="Succeeded"} 1',
);
const PARQUET = parquet({ id: ['a', 'b'], submit: [100, 200], start: [110, 210], end: [160, 260], cpu: [4, 2] });

const KUBECONFIG = {
  'current-context': 'one',
  contexts: [{ name: 'one', context: { cluster: 'one', user: 'one', namespace: 'team' } }],
  clusters: [
    {
      name: 'one',
      cluster: {
        server: 'https://u:p@one.example:6443/',
        'proxy-url': 'http://proxy',
        'insecure-skip-tls-verify': true,
      },
    },
  ],
  users: [
    { name: 'one', user: { token: 't', exec: { command: './login', args: ['a'], env: [{ name: 'A', value: 'b' }] } } },
  ],
};
const KUBECONFIG_YAML = textOf(
  'current-context: two',
  'contexts: [{name: two, context: &c {cluster: two, user: two}}, {name: three, context: *c}]',
  'clusters:\n- name: two\n  cluster:\n    server: https://two.example',
  'users:\n- name: two\n  user: {auth-provider: {name: gcp, config: {cmd-path: sh}}, as-groups: [a, b]}',
);

const RECORD = {
  ...{
    planId: 'p',
    moveId: 'm',
    kind: 'migration',
    startedAtSeconds: 5,
    from: 'a',
    to: 'b',
    allocation: amounts(1, 1),
  },
  run: { elapsedSeconds: 1, remainingSeconds: 2, usageSoFar: amounts(1, 1), lostSeconds: 3 },
  ...{ before: amounts(1, 1), request: amounts(2, 2) },
};

function annotated(input: Buffer): unknown {
  const text = input.toString();
  const names = ['stowage.dev/move', 'stowage.dev/creator', 'stowage.dev/data-scale', 'stowage.dev/requested-runtime'];
  const checkpoint = ['stowage.dev/checkpoint', 'stowage.dev/checkpoint-saved-at'];
  const metadata = {
    ...{ name: 'a', namespace: 'b', uid: 'u' },
    annotations: Object.fromEntries([...names, ...checkpoint].map((name) => [name, text])),
  };
  const ownership = { recurringName: 'a', budgetSelectors: [] } as unknown as Parameters<typeof taskParameters>[1];
  return [
    recordsOn([{ metadata }] as never, [{ metadata, spec: {}, status: { phase: 'Running' } }] as never),
    taskParameters(metadata, ownership, undefined),
    checkpointOf({ metadata } as never),
  ];
}

/** What is set, in one scope, whatever it is. */
function settings(input: Buffer): unknown {
  const set = parsed(input);
  const values: Readonly<Record<string, unknown>> = isRecord(set) ? set : {};
  const value = (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined);
  const configuration = { get: value, inspect: (name: string) => ({ workspaceValue: value(name) }) };
  const own = Object.keys(EDITOR_DEFAULTS) as (keyof EditorSettings)[];
  const { 'connection.sampleSeed': _, ...others } = Object.fromEntries(
    own.map((id) => [id, editorSetting(configuration, id)]),
  );
  return [methodSettingsOf(configuration), Object.keys(others)];
}

const SETTING_VALUES = Object.fromEntries([
  ...Object.values(SETTINGS).map(({ id, ...row }) => [
    id,
    row.kind === 'choice' ? row.choices[0] : row.kind === 'amounts' ? { timeFit: 1 } : 1,
  ]),
  ...Object.entries(EDITOR_DEFAULTS),
]);

/** What a Prometheus answers to everything, as usage and as finished runs. */
async function answered(input: Buffer): Promise<unknown> {
  const answer = parsed(input);
  const query = prometheusAt('service:monitoring/prometheus:9090', {
    send: async () => answer,
  } as unknown as Connection);
  const [usage, { tasks }] = [
    await prometheusUsage(query, DEFAULT_SETTINGS, 1_000_000, new Map([['ml/a', 5]])).catch(words),
    await prometheusHistory(query, 1),
  ];
  return [usage, runs(tasks)];
}

/** Prometheus' own words are an Error's. */
function words(error: unknown): string {
  if (error instanceof Error && error.constructor === Error) return error.message;
  throw error;
}

const ANSWER = {
  status: 'success',
  data: {
    resultType: 'vector',
    result: [
      { metric: { namespace: 'ml', pod: 'a', phase: 'Succeeded', resource: 'cpu', unit: 'core' }, value: [1, '12.5'] },
      { metric: { namespace: 'ml', pod: 'b', owner_kind: 'Job', owner_name: 'b' }, value: [1, '200'] },
    ],
  },
};

const MESSAGES = [
  { type: 'ready', zone: 'Asia/Tokyo' },
  { type: 'apply', planId: 'p', moveIds: ['a', 'b'] },
  { type: 'reveal', what: 'node', name: 'n' },
  { type: 'rank', planId: 'p', taskId: 't', weights: { timeFit: 1, bestFit: 0.5 } },
  { type: 'whatIf', kind: 'lost' },
  { type: 'take', as: 'file' },
  { type: 'state', state: { cluster: 'c', steps: [], stepsBefore: 0, zone: 'UTC' } },
];

export const TARGETS: readonly Target[] = [
  { name: 'plan', form: 'json', seeds: [document(PLAN)], read: (input) => readPlan(input, false) },
  { name: 'forged plan', form: 'json', seeds: [document(PLAN)], read: (input) => readPlan(input, true) },
  {
    name: 'journal',
    form: 'lines',
    seeds: [JOURNAL],
    read: async (input, directory) => {
      written(directory, 'journal.jsonl', input);
      return (await readOperations(directory)).map((operation) => [operation.atSeconds, unfinished(operation).length]);
    },
  },
  {
    name: 'ledger',
    form: 'lines',
    seeds: [documents(...predictedRows(PLAN).map((row) => ({ ...row, outcome: { kind: 'done', atSeconds: 9 } })))],
    read: async (input, directory) => {
      written(directory, 'ledger.jsonl', input);
      return movesDoneLines((await openLedger(directory)).rows());
    },
  },
  {
    name: 'predictor',
    form: 'json',
    seeds: [Buffer.from(formatPredictor(fitPredictor(HISTORY)))],
    read: predictions,
  },
  {
    name: 'network',
    form: 'json',
    seeds: [document(await pretrained())],
    read: (input) => parseNetwork(parsed(input), 'the file').network,
  },
  {
    name: 'kubeconfig',
    form: 'json',
    seeds: [document(KUBECONFIG)],
    read: (input, directory) => {
      const file = written(directory, 'kubeconfig', input);
      const { contexts } = listContexts(file);
      return contexts.length > 0 ? readContext(file).server : contexts;
    },
  },
  {
    name: 'kubeconfig in YAML',
    form: 'text',
    seeds: [KUBECONFIG_YAML],
    read: (input, directory) => readContext(written(directory, 'kubeconfig', input)).server,
  },
  { name: 'CSV', form: 'text', seeds: [CSV], read: (input, to) => history(written(to, 'h.csv', input), COLUMNS) },
  { name: 'JSON lines', form: 'lines', seeds: [LINES], read: (input, to) => history(written(to, 'h.jsonl', input)) },
  { name: 'SWF', form: 'text', seeds: [SWF], read: (input, to) => history(written(to, 'h.swf', input)) },
  { name: 'openb', form: 'text', seeds: [OPENB], read: (input, to) => history(written(to, 'h.csv', input)) },
  { name: 'metrics', form: 'text', seeds: [METRICS], read: (input, to) => history(written(to, 'h.txt', input)) },
  { name: 'Parquet', form: 'bytes', seeds: [PARQUET], read: (input, to) => history(written(to, 'h.parquet', input)) },
  { name: 'gz', form: 'bytes', seeds: [gzipSync(SWF)], read: (input, to) => history(written(to, 'h.swf.gz', input)) },
  {
    name: 'openb lists',
    form: 'text',
    seeds: [
      textOf('sn,cpu_milli,memory_mib,gpu,model', 'n0,64000,262144,2,P100', 'n1,96000,786432,8,T4'),
      textOf(
        'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos',
        'p0,12000,16384,1,1000,,LS',
        'p1,6000,1,1,460,T4|V100,BE',
      ),
    ],
    read: (input) =>
      input.toString().startsWith('sn') ? readOpenbNodes(input.toString()) : readOpenbTasks(input.toString()),
  },
  {
    name: 'finished runs',
    form: 'lines',
    seeds: [documents(...HISTORY.slice(0, 3))],
    read: async (input, directory) => {
      const name = '2e7d2c03a9507ae2'; // the digest of "c"
      written(directory, `runs-${name}.jsonl`, input);
      const tasks = await new RunRecord(directory, 'c').merge([]);
      const known = tasks.map(({ id: _, parameters: __, request, size, ...times }) => [
        request.milliCpu,
        size,
        times.endedAtSeconds,
      ]);
      return [known, predictSnapshot(fitPredictor(tasks), SNAPSHOT)];
    },
  },
  {
    name: 'since',
    form: 'json',
    seeds: [document({ c: { 'trigger n1': 100, 'shrunk a/b': 200 }, d: {} })],
    read: (input, directory) => {
      written(directory, 'since.json', input);
      return readSince(directory, { ...SNAPSHOT, cluster: 'c' });
    },
  },
  {
    name: 'usage',
    form: 'json',
    seeds: [
      document({
        format: 'stowage-usage-1',
        owners: { 'Job a/b': [[3600, 60, 100, 200, 300, 1, 2, 3]] },
        recent: { u: { fromSeconds: 1, readings: [[1, 2, 3]] } },
      }),
    ],
    read: (input, directory) => {
      written(directory, 'usage.json', input);
      return readKeptUsage(directory, { key: '../usage', name: 'c' });
    },
  },
  { name: 'settings', form: 'json', seeds: [document(SETTING_VALUES)], read: settings },
  {
    name: 'setting words',
    form: 'text',
    seeds: ['resizing.usageWindowMinutes=10', 'ranking.policyWeights=timeFit:1,bestFit:0.5', 'marginFraction=30%'].map(
      (text) => Buffer.from(text),
    ),
    read: (input) => settingsOf([input.toString()], () => {}),
  },
  {
    name: 'messages',
    form: 'json',
    seeds: MESSAGES.map(document),
    read: (input) => {
      const value = parsed(input);
      return [
        parseFromWebview(value),
        parseToWebview(value) !== undefined,
        parseToKernel(value),
        parseFromKernel(value),
      ].length;
    },
  },
  {
    name: 'quantities',
    form: 'text',
    seeds: ['100m', '1.5Gi', '12e3', '90s', '1h30m', '720h0m0s', '9223372036854775807'].map((text) =>
      Buffer.from(text),
    ),
    read: (input) => {
      const quantity = parseQuantity(input.toString());
      return [
        quantity === undefined ? 0 : [milliValue(quantity), wholeValue(quantity)],
        parseDuration(input.toString()),
      ];
    },
  },
  {
    name: 'records and annotations',
    form: 'json',
    seeds: [document(RECORD), Buffer.from('90s'), Buffer.from('40Gi'), Buffer.from('2026-01-01T00:00:00Z')],
    read: annotated,
  },
  { name: 'Prometheus', form: 'json', seeds: [document(ANSWER)], read: answered },
];

async function pretrained(): Promise<unknown> {
  const { networkJson } = await import('../../src/core/predict/networkFile.ts');
  return networkJson(await readPretrained());
}
