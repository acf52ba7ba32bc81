import type { ExitCodeRule, Job } from '../api/objects.ts';

/** What a program ends with that is stopped: by SIGTERM, and killed after its grace (128 and the signal's number). */
const STOPPED_EXIT_CODES = [143, 137];

/**
 * The exit code of a stopped program at which the Job's `podFailurePolicy` fails the Job for good; undefined when there is
 * none. The Job's controller asks the policy of pods that a suspension deletes, too, as long as it sees them
 * (`getFailJobMessage`, Kubernetes 1.36.2), so such a Job may not outlive being stopped. The first rule that fits decides;
 * those for conditions of pods never fit here: a suspension sets none.
 */
export function failingExitCode({ spec }: Job): number | undefined {
  const rules = spec?.podFailurePolicy?.rules ?? [];
  return STOPPED_EXIT_CODES.find((code) => {
    const fitting = rules.filter(({ onExitCodes }) => onExitCodes && fits(onExitCodes, code));
    const deciding = fitting.find(({ action, onExitCodes }) => action === 'FailJob' || !onExitCodes?.containerName);
    return deciding?.action === 'FailJob';
  });
}

function fits({ operator, values = [] }: ExitCodeRule, code: number): boolean {
  return operator === 'In' ? values.includes(code) : !values.includes(code);
}
