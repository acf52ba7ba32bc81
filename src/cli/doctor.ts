import { diagnose, type Finding } from '../cluster/kubernetes/diagnose.ts';
import { plainValue } from '../core/model/plain.ts';
import { describeFinding, FINDING_STATES } from '../text/doctor.ts';
import type { Command } from './command.ts';
import { parseWords } from './parseWords.ts';
import { paint, print } from './plain.ts';

const HELP = `stowage doctor [--kubeconfig FILE] [--context NAME] [--prometheus WHERE]: look at all that a plan of a cluster stands on

Reads the kubeconfig, asks the server for each source once, and says of what is missing what fixes it. Changes nothing.

Exit code 0: a plan can be made. 1: it cannot.
`;

export const run: Command = async (words) => {
  const values = parse(words);
  if (values.help) {
    print(HELP);
    return 0;
  }
  const { kubeconfig, context, prometheus } = values;
  const findings = plainValue(await diagnose({ kubeconfig, context, prometheus }));
  const width = Math.max(...findings.map((finding) => describeFinding(finding).what.length));
  for (const finding of findings) print(line(finding, width));
  return findings.some(({ state }) => state === 'failed') ? 1 : 0;
};

function line(finding: Finding, width: number): string {
  const { what, text, remedy } = describeFinding(finding);
  const mark = paint(STYLES[finding.state], FINDING_STATES[finding.state].padEnd(6));
  const advice = remedy ? `\n${' '.repeat(width + 9)}${remedy}` : '';
  return `${mark} ${what.padEnd(width)}  ${text}${advice}\n`;
}

const STYLES = { ok: 'green', missing: 'yellow', failed: 'red' } as const;

function parse(words: readonly string[]) {
  return parseWords('doctor', words, {
    options: {
      kubeconfig: { type: 'string' },
      context: { type: 'string' },
      prometheus: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
