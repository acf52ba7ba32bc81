import type { Situation } from './planning.ts';
import { duration } from './words.ts';

/** What a cluster tells us, source by source, and what would fix what is missing; a Markdown document. */
export function doctorText({ snapshot, history, predictor }: Situation): string {
  const { cluster, takenAtSeconds, nodes, tasks, usage, rights, problems } = snapshot;
  const running = tasks.filter(({ phase }) => phase === 'running').length;
  const rows = [
    [
      'nodes and tasks',
      `${nodes.length} nodes, ${tasks.length} tasks, read ${new Date(takenAtSeconds * 1000).toISOString()}`,
    ],
    ['usage', usageText(usage, running, takenAtSeconds)],
    [
      'history',
      history.length > 0
        ? `${history.length} finished tasks`
        : 'none: finished Jobs are gone. Train on a file, or keep Jobs longer (ttlSecondsAfterFinished).',
    ],
    ['predictor', `${predictor.name}, from ${predictor.tasks} finished tasks`],
    ...(['place', 'resize', 'migrate'] as const).map((action) => [`right to ${action}`, rightText(rights[action])]),
  ];
  const table = rows.map((cells) => `| ${cells.map((cell) => escaped(cell ?? '')).join(' | ')} |`).join('\n');
  const list = problems.map((problem) => `- ${escaped(problem)}`).join('\n');
  return `# Doctor: ${escaped(cluster)}\n\n| source | state |\n|---|---|\n${table}\n\n## Problems\n\n${list || 'None.'}\n`;
}

function usageText(usage: Situation['snapshot']['usage'], running: number, nowSeconds: number): string {
  const all = Object.values(usage);
  if (all.length === 0)
    return 'no readings: install metrics-server, or run "stowage plan --observe 60s" where it is there';
  const newest = Math.max(...all.map(({ toSeconds }) => toSeconds));
  const sources = [...new Set(all.map(({ source }) => source))].join(', ');
  return `${all.length} of ${running} running tasks, from ${sources}, newest ${duration(Math.max(0, nowSeconds - newest))} old`;
}

function rightText(refused: Readonly<Record<string, string>> | undefined): string {
  const missing = Object.entries(refused ?? {});
  if (missing.length === 0) return 'yes';
  return missing
    .map(([namespace, what]) => `${namespace === '*' ? 'nowhere' : `not in ${namespace}`}: ${what}`)
    .join('; ');
}

/** Names come from the cluster: shown as text, never as Markdown. */
export function escaped(text: string): string {
  return text.replace(/[\\|`<>[\]*_#]/g, '\\$&').replace(/\s+/g, ' ');
}
