const PRELOAD = new URL('preload.ts', import.meta.url).href;

/** Environment in which the command line sends itself a signal after so many lasting steps (see `countSteps`). */
export function stoppedAfter(steps: number, signal: NodeJS.Signals = 'SIGKILL'): Record<string, string> {
  const options = [process.env['NODE_OPTIONS'] ?? '', `--import=${PRELOAD}`].join(' ').trim();
  return { NODE_OPTIONS: options, STOP_AFTER_STEPS: String(steps), STOP_BY: signal };
}
