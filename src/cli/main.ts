import type { Command } from './command.ts';
import { complain } from './complaint.ts';
import { print, printError } from './plain.ts';

/** Every command by name, with what `--help` says of it; a command's code is loaded only when it is asked for. */
const COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<{ run: Command }> }>> = {
  plan: { summary: 'print what to place, resize and migrate, and the forecast', load: () => import('./plan.ts') },
  apply: { summary: 'carry out a plan, or resume what the journal holds', load: () => import('./apply.ts') },
  undo: { summary: 'take back the last applied resizes', load: () => import('./undo.ts') },
  ledger: { summary: 'print the moves done, and what came of each', load: () => import('./ledger.ts') },
  train: { summary: 'learn runtimes from a history file', load: () => import('./train.ts') },
  evaluate: { summary: 'measure predictors on a history file', load: () => import('./evaluate.ts') },
  replay: { summary: 'replay a task list on a node list under policies', load: () => import('./replay.ts') },
  history: { summary: 'write the finished tasks of a cluster to a file', load: () => import('./history.ts') },
  uninstall: { summary: 'take off what was left on a cluster', load: () => import('./uninstall.ts') },
  doctor: { summary: 'look at all that a plan of a cluster stands on', load: () => import('./doctor.ts') },
};

async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    print(help());
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    printError(`There is no command "${name}".\n\n${help()}`);
    return 2;
  }
  const { run } = await command.load();
  return run(rest);
}

function help(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return `stowage: plans a Kubernetes cluster in space and in time\n\nCommands (each takes --help):\n${rows.join('\n')}\n`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = complain(error);
}
