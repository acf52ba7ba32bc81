import type { Finding } from '../cluster/kubernetes/diagnose.ts';
import type { Situation } from '../planning/situation.ts';
import { counted, duration, instant, list, number, plural } from './format.ts';
import { describePredictor } from './prediction.ts';
import { missingRightText } from './refusal.ts';

/**
 * What a cluster tells us, source by source, and what fixes what is missing; a Markdown document.
 * @param findings of a Kubernetes cluster, as `stowage doctor` prints them; empty for the sample
 * @param situation the last reading of the cluster; absent when it could not be read
 */
export function doctorText(name: string, findings: readonly Finding[], situation?: Situation): string {
  const looked = findings.map(({ what, state, text, remedy }) => [
    what,
    STATES[state],
    state === 'ok' || !remedy ? text : `${text}. ${remedy}`,
  ]);
  const parts = [
    `# Doctor: ${escaped(name)}`,
    ...(looked.length > 0 ? [table(['source', 'state', 'what it says, and what fixes it'], looked)] : []),
    ...(situation ? ['## Last reading', table(['what', 'state'], readingRows(situation))] : []),
    ...(situation ? ['## Problems', problemList(situation.snapshot.problems)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

const STATES: Readonly<Record<Finding['state'], string>> = { ok: 'ok', missing: 'lacks', failed: 'fails' };

function readingRows({ snapshot, history, predictor }: Situation): string[][] {
  const { takenAtSeconds, nodes, tasks, usage, rights } = snapshot;
  const running = tasks.filter(({ phase }) => phase === 'running').length;
  return [
    [
      'nodes and tasks',
      `${counted(nodes.length, 'node')}, ${counted(tasks.length, 'task')}, read at ${instant(takenAtSeconds)}`,
    ],
    ['usage', usageText(usage, running, takenAtSeconds)],
    [
      'history',
      history.length > 0
        ? counted(history.length, 'finished task')
        : 'none: finished Jobs are gone. Train on a file, or keep Jobs longer (ttlSecondsAfterFinished).',
    ],
    ['predictor', describePredictor(predictor)],
    ...(['place', 'resize', 'migrate'] as const).map((action) => [`right to ${action}`, rightText(rights[action])]),
  ];
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map((cells) => line(cells.map(escaped)))].join('\n');
}

function problemList(problems: readonly string[]): string {
  return problems.map((problem) => `- ${escaped(problem)}`).join('\n') || 'None.';
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

function rightText(refused: Readonly<Record<string, string>> | undefined): string {
  const missing = Object.entries(refused ?? {});
  if (missing.length === 0) return 'yes';
  return missing
    .map(([namespace, what]) =>
      namespace === '*' ? `nowhere: ${missingRightText(what)}` : `not in ${namespace}: ${missingRightText(what)}`,
    )
    .join('; ');
}

/** Names come from the cluster: shown as text, never as Markdown. */
export function escaped(text: string): string {
  return text.replace(/[\\|`<>[\]*_#]/g, '\\$&').replace(/\s+/g, ' ');
}
