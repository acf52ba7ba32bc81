import type { Finding } from '../cluster/kubernetes/diagnose.ts';
import type { Action } from '../core/model/snapshot.ts';
import type { Situation } from '../planning/situation.ts';
import { describeFailure } from './failure.ts';
import { counted, dated, duration, ended, list, number, plural, timesIn } from './format.ts';
import { describePredictor } from './prediction.ts';
import { askForRole, describeProblem, SOURCE_TITLES } from './problem.ts';
import { missingRightText } from './refusal.ts';

/**
 * What a cluster tells us, source by source, and what fixes what is missing; a Markdown document.
 * @param findings of a Kubernetes cluster, as `stowage doctor` prints them; empty for the sample
 * @param situation the last reading of the cluster; absent when it could not be read
 */
export function doctorText(name: string, findings: readonly Finding[], situation?: Situation): string {
  const looked = findings.map((finding) => {
    const { what, text, remedy } = describeFinding(finding);
    return [what, FINDING_STATES[finding.state], remedy === undefined ? text : `${ended(text)} ${remedy}`];
  });
  const parts = [
    `# Doctor: ${escaped(name)}`,
    ...(situation ? [`All ${escaped(timesIn(situation.snapshot.takenAtSeconds))}.`] : []),
    ...(looked.length > 0 ? [table(['source', 'state', 'what it says, and what fixes it'], looked)] : []),
    ...(situation ? ['## Last reading', table(['what', 'state'], readingRows(situation))] : []),
    ...(situation ? ['## Problems of the last reading', problemList(situation.snapshot)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

export const FINDING_STATES: Readonly<Record<Finding['state'], string>> = {
  ok: 'ok',
  missing: 'lacks',
  failed: 'fails',
};

/** A finding for people: what was looked at, what was found, and what fixes it where something is missing. */
export type FindingText = { readonly what: string; readonly text: string; readonly remedy?: string };

export function describeFinding(finding: Finding): FindingText {
  switch (finding.code) {
    case 'kubeconfig':
      return { what: 'kubeconfig', text: `${finding.files.join(', ')}, context "${finding.context}"` };
    case 'unreachable':
      return { what: finding.what, text: describeFailure(finding.why) };
    case 'server': {
      const { server, version, isOld } = finding;
      const text =
        version === undefined ? `${server}; it does not tell its version` : `${server}, Kubernetes ${version}`;
      if (!isOld) return { what: 'server', text };
      return { what: 'server', text, remedy: 'Tasks are resized in place from Kubernetes 1.33 on; the rest works.' };
    }
    case 'clock':
      return describeClock(finding.aheadSeconds, finding.state);
    case 'identity':
      return describeIdentity(finding.byAddress);
    case 'namespaces':
      if (!finding.only) return { what: SCOPE, text: 'all namespaces' };
      return {
        what: SCOPE,
        text: plural(finding.only.length, {
          one: `only the namespace ${list(finding.only)}`,
          other: `only the namespaces ${list(finding.only)}`,
        }),
        remedy: 'To read all, ask for a ClusterRoleBinding to stowage-reader (media/rbac).',
      };
    case 'objects':
      return {
        what: SOURCE_TITLES[finding.source],
        text: `${number(finding.count)}, first answer after ${number(finding.milliseconds)} ms`,
      };
    case 'absent':
      return { what: SOURCE_TITLES[finding.source], text: NOT_HERE };
    case 'unreadable':
      return { what: SOURCE_TITLES[finding.source], text: finding.message, remedy: askForRole(finding.role) };
    case 'metrics':
      return {
        what: METRICS,
        text: plural(finding.pods, {
          one: `# pod, newest reading ${duration(finding.ageSeconds)} old`,
          other: `# pods, newest reading ${duration(finding.ageSeconds)} old`,
        }),
      };
    case 'metricsEmpty':
      return {
        what: METRICS,
        text: 'it answers, and knows no pod',
        remedy: 'metrics-server needs about half a minute after a start; then see its log.',
      };
    case 'metricsAbsent':
      return { what: METRICS, text: NOT_HERE, remedy: 'Install metrics-server; without usage nothing is resized.' };
    case 'metricsFailed':
      return {
        what: METRICS,
        text: `${finding.status} ${finding.message}`,
        remedy:
          finding.status === 403
            ? askForRole('stowage-reader')
            : 'Look at metrics-server: kubectl -n kube-system logs deployment/metrics-server',
      };
    case 'prometheus':
      return {
        what: prometheusTitle(finding.address),
        text: plural(finding.containers, {
          one: `# container, newest reading ${duration(finding.ageSeconds)} old`,
          other: `# containers, newest reading ${duration(finding.ageSeconds)} old`,
        }),
      };
    case 'prometheusEmpty':
      return {
        what: prometheusTitle(finding.address),
        text: `it answers, and has no ${finding.series}`,
        remedy: "Let it scrape the kubelets' /metrics/cadvisor.",
      };
    case 'prometheusFailed':
      return {
        what: prometheusTitle(finding.address),
        text: describeFailure(finding.why),
        remedy: 'Check its address; without it usage comes from metrics.k8s.io.',
      };
    case 'mark':
      return { what: 'marks of moves', text: describeProblem(finding.problem) };
    case 'right': {
      const what = RIGHTS[finding.action];
      const text = describeRight(finding.missing);
      if (finding.state === 'ok') return { what, text };
      return { what, text, remedy: 'Ask for the role stowage-operator (media/rbac), or plan without it.' };
    }
    case 'rightsUnknown':
      return { what: 'rights', text: `the server does not tell: ${finding.message}` };
  }
}

function describeIdentity(byAddress: boolean): FindingText {
  const what = 'identity';
  if (!byAddress) return { what, text: 'what is learned of it is kept by the uid of the namespace kube-system' };
  return {
    what,
    text: 'what is learned of it is kept by the address and CA of its server: the uid of kube-system may not be read',
    remedy: 'Behind another address it is learned anew. The role stowage-nodes (media/rbac) lets the uid be read.',
  };
}

function describeClock(aheadSeconds: number, state: Finding['state']): FindingText {
  if (aheadSeconds === 0) return { what: 'clock', text: "as this machine's" };
  const by = duration(Math.abs(aheadSeconds));
  const text =
    aheadSeconds > 0
      ? `the server's clock is ${by} ahead of this machine's; the server's counts`
      : `the server's clock is ${by} behind this machine's; the server's counts`;
  return state === 'ok' ? { what: 'clock', text } : { what: 'clock', text, remedy: "Set this machine's clock." };
}

const SCOPE = 'what is read';
const METRICS = 'usage (metrics.k8s.io)';
const NOT_HERE = 'not in this cluster';

function prometheusTitle(address: string): string {
  return `usage (Prometheus, ${address})`;
}

const RIGHTS: Readonly<Record<Action, string>> = {
  place: 'right to place',
  resize: 'right to resize',
  migrate: 'right to migrate',
};

function readingRows({ snapshot, history, predictor }: Situation): string[][] {
  const { takenAtSeconds, nodes, tasks, usage, rights } = snapshot;
  const running = tasks.filter(({ phase }) => phase === 'running').length;
  return [
    [
      'nodes and tasks',
      `${counted(nodes.length, 'node')}, ${counted(tasks.length, 'task')}, read at ${dated(takenAtSeconds, takenAtSeconds)}`,
    ],
    ['usage', usageText(usage, running, takenAtSeconds)],
    [
      'history',
      history.length > 0
        ? counted(history.length, 'finished task')
        : 'none: finished Jobs are gone. Train on a file, or keep Jobs longer (ttlSecondsAfterFinished).',
    ],
    ['predictor', describePredictor(predictor)],
    ...ACTIONS.map((action) => [RIGHTS[action], describeRight(rights[action])]),
  ];
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map((cells) => line(cells.map(escaped)))].join('\n');
}

/** What could not be read, and which rights are missing. */
function problemList({ problems, rights }: Situation['snapshot']): string {
  const missing = ACTIONS.flatMap((action) =>
    isGranted(rights[action]) ? [] : [`${RIGHTS[action]}: ${describeRight(rights[action])}`],
  );
  return [...problems.map(describeProblem), ...missing].map((line) => `- ${escaped(line)}`).join('\n') || 'None.';
}

const ACTIONS = ['place', 'resize', 'migrate'] as const;

function isGranted(refused: Readonly<Record<string, string>> | undefined): boolean {
  return Object.keys(refused ?? {}).length === 0;
}

function usageText(usage: Situation['snapshot']['usage'], running: number, nowSeconds: number): string {
  const all = Object.values(usage);
  if (all.length === 0)
    return 'no readings: install metrics-server, or run "stowage plan --observe 60s" where it is there';
  const newest = Math.max(...all.map(({ toSeconds }) => toSeconds));
  const sources = list([...new Set(all.map(({ source }) => source))]);
  const age = duration(Math.max(0, nowSeconds - newest));
  return plural(running, {
    one: `${number(all.length)} of # running task, from ${sources}, newest ${age} old`,
    other: `${number(all.length)} of # running tasks, from ${sources}, newest ${age} old`,
  });
}

/** Where a right is missing: "not in clinic: the right to patch pods/resize is missing". */
function describeRight(refused: Readonly<Record<string, string>> | undefined): string {
  if (isGranted(refused)) return 'yes';
  return Object.entries(refused ?? {})
    .map(([namespace, what]) =>
      namespace === '*' ? `nowhere: ${missingRightText(what)}` : `not in ${namespace}: ${missingRightText(what)}`,
    )
    .join('; ');
}

/** Names come from the cluster: shown as text, never as Markdown. */
export function escaped(text: string): string {
  return text.replace(/[\\|`<>[\]*_#]/g, '\\$&').replace(/\s+/g, ' ');
}
