import type { FinishedTask, RowFault } from '../model/finished.ts';
import type { TaskParameters } from '../model/task.ts';
import { type LineReader, requestOf, timeFault } from './rows.ts';

/**
 * Reads the Standard Workload Format of the Parallel Workloads Archive: 18 numbers a line, −1 for what is not known,
 * comments after `;`. Used fields, from 1: job 1, submit 2, wait 3, run 4, allocated processors 5, requested
 * processors 8, requested time 9, requested memory in KiB a processor 10, status 11, user 12, executable 14, queue 15.
 * Allocated processors stand in only where none were requested.
 */
export function swfReader(): LineReader {
  let epoch = 0;
  return (text) => {
    if (text.startsWith(';')) {
      const start = /^;\s*UnixStartTime:\s*(\d+)/.exec(text)?.[1];
      if (start !== undefined) epoch = Number(start);
      return undefined;
    }
    const trimmed = text.trim();
    return trimmed === '' ? undefined : readRow(trimmed, epoch);
  };
}

function readRow(text: string, epoch: number): FinishedTask | RowFault {
  const words = text.split(/\s+/);
  if (words.length < 11)
    return { code: 'wrongCells', reason: `it has ${words.length} fields; the Standard Workload Format has 18` };
  const fields = words.map(Number);
  const broken = fields.slice(0, 15).findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) return { code: 'notANumber', reason: `field ${broken + 1} is "${words[broken]}", not a number` };
  const field = (position: number): number | undefined => {
    const value = fields[position - 1];
    return value === undefined || value < 0 ? undefined : value;
  };
  const submit = field(2);
  if (submit === undefined) return { code: 'noSubmit', reason: 'it has no submit time' };
  const runtime = fields[3]!;
  if (runtime <= 0) return { code: 'noRuntime', reason: `its runtime is ${runtime} s: it never ran` };
  const submittedAtSeconds = epoch + submit;
  const startedAtSeconds = submittedAtSeconds + (field(3) ?? 0);
  const endedAtSeconds = startedAtSeconds + runtime;
  const fault = timeFault(submittedAtSeconds, startedAtSeconds, endedAtSeconds);
  if (fault) return fault;
  const size = Math.max(1, field(8) || field(5) || 1);
  return {
    id: words[0]!,
    parameters: parameters(field),
    request: requestOf({ milliCpu: size * 1000, memoryBytes: (field(10) ?? 0) * 1024 * size }),
    size,
    submittedAtSeconds,
    startedAtSeconds,
    endedAtSeconds,
    outcome: OUTCOMES[fields[10]!] ?? 'unknown',
  };
}

const OUTCOMES: Readonly<Record<number, FinishedTask['outcome']>> = { 0: 'failed', 1: 'succeeded', 5: 'cancelled' };

function parameters(field: (position: number) => number | undefined): TaskParameters {
  const [time, user, executable, queue] = [field(9), field(12), field(14), field(15)];
  return {
    ...(user === undefined ? {} : { creator: `user ${user}` }),
    ...(executable === undefined ? {} : { name: `executable ${executable}` }),
    ...(queue === undefined ? {} : { queue: `queue ${queue}` }),
    ...(time === undefined || time === 0 ? {} : { requestedRuntimeSeconds: time }),
  };
}
