import * as vscode from 'vscode';
import type { Session } from '../editor/session.ts';

const STEPS = [
  { label: '15 minutes', seconds: 900 },
  { label: '1 hour', seconds: 3600 },
  { label: '2 hours', seconds: 7200 },
  { label: '8 hours', seconds: 28_800 },
  { label: '1 day', seconds: 86_400 },
];

/** Lets time pass on the sample cluster: its tasks end, new ones arrive. */
export const advanceSample = (session: Session) => async () => {
  const choice = await vscode.window.showQuickPick(STEPS, { title: 'Advance the sample cluster’s clock by' });
  if (choice) await session.advance(choice.seconds);
};
