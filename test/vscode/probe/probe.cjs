const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

/** A timer that wants to fire each millisecond: what the thread computes between two firings is one stretch. */
const EVERY_MILLISECONDS = 1;

exports.activate = (context) => {
  let stretches = [];
  let timer;
  let before = 0;
  const tick = () => {
    const now = busyMilliseconds();
    stretches.push(now - before);
    before = now;
  };
  context.subscriptions.push(
    vscode.commands.registerCommand('stowageProbe.start', () => {
      clearInterval(timer);
      stretches = [];
      before = busyMilliseconds();
      timer = setInterval(tick, EVERY_MILLISECONDS);
    }),
    vscode.commands.registerCommand('stowageProbe.stop', () => {
      clearInterval(timer);
      const [folder] = vscode.workspace.workspaceFolders;
      const longest = stretches.toSorted((a, b) => b - a).slice(0, 20);
      writeFileSync(join(folder.uri.fsPath, 'probe.json'), JSON.stringify({ count: stretches.length, longest }));
    }),
  );
};

/** Processor time of this thread so far: a machine that is busy with others does not count. */
function busyMilliseconds() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
