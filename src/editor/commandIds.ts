/** Names of our commands; the manifest has them with `stowage.` before each, and a test compares the two. */
export const COMMAND_NAMES = [
  'openSample',
  'connect',
  'disconnect',
  'refresh',
  'previewPlan',
  'applyPlan',
  'whatIfNodeGoes',
  'whatIfNodeAdded',
  'continueMoves',
  'undoResizes',
  'advanceSample',
  'train',
  'openNotebooks',
  'filterTasks',
  'clearFilter',
  'groupTasks',
  'pin',
  'unpin',
  'revealNode',
  'placeTask',
  'resizeTask',
  'migrateTask',
  'copyKubectl',
  'showLedger',
  'doctor',
  'showLog',
  'showMoreNodes',
  'showMoreTasks',
] as const;

export type CommandName = (typeof COMMAND_NAMES)[number];
export type CommandId = `stowage.${CommandName}`;
