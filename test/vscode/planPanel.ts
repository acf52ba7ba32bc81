import type { Frame } from 'playwright-core';
import type { Workbench } from './workbench.ts';

/** The button that applies what is ticked: "Apply 19 moves …", "Apply 3 of 19 moves …". */
export const APPLY = /^\s*Apply [\d,]+ (of [\d,]+ )?moves?/;

/** Plans, and waits for it: a panel that stands already says that it is busy until the new plan is there. */
export async function previewPlan(workbench: Workbench): Promise<Frame> {
  const before = await workbench.webview('header', 200).catch(() => undefined);
  const busy = await before?.evaluateHandle(seeBusy);
  await workbench.command('Stowage: Preview Plan');
  await busy?.evaluate(({ seen }) => seen);
  return planned(workbench);
}

/** Runs in the page. A short plan is over before somebody who looks now and then has seen that the page was busy. */
function seeBusy(): { seen: Promise<void> } {
  const seen = new Promise<void>((resolve) => {
    const look = () => document.querySelector('.busy') && resolve();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  });
  return { seen };
}

/** The panel, once moves of its plan can be applied. */
export async function planned(workbench: Workbench): Promise<Frame> {
  const panel = await workbench.webview('.charts .plot .main-svg');
  await panel.locator('vscode-button:not([aria-disabled=true])', { hasText: APPLY }).waitFor();
  return panel;
}

/** The moves that the panel lists, one by one, from the first to the last: only those in sight are in the page. */
export async function movesListed(panel: Frame): Promise<string[]> {
  const table = panel.locator('section[aria-label=Moves] [role=treegrid]');
  await panel.getByLabel('Group by').selectOption('none');
  const rows = Number(await table.getAttribute('aria-rowcount')) - 1;
  const found = new Map<number, string>();
  for (let at = 0; found.size < rows && at < rows; at++) {
    await table.locator('.grid-body').evaluate((body, row) => {
      body.scrollTop = 44 * row;
    }, at);
    for (const line of await table.locator('.grid-spacer [role=row]').all()) {
      const place = Number(await line.getAttribute('aria-rowindex'));
      found.set(place, (await line.locator('[role=gridcell]').nth(1).textContent()) ?? '');
    }
  }
  await panel.getByLabel('Group by').selectOption('goal');
  return [...found].sort(([left], [right]) => left - right).map(([, text]) => text.trim());
}
