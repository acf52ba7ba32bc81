import type { FinishedTask, RowFault } from '../model/finished.ts';
import { OPEN_QUOTE, splitCells } from './csv.ts';
import { type LineReader, requestOf, timeFault } from './rows.ts';

/** True for the header line of a pod list of Alibaba's cluster-trace-gpu-v2023 (openb) that tells times. */
export function isOpenb(header: string): boolean {
  const cells = header.trim().split(',');
  return ['name', 'cpu_milli', 'num_gpu', 'creation_time', 'deletion_time', 'scheduled_time'].every((name) =>
    cells.includes(name),
  );
}

/**
 * Reads openb's pod lists: a task runs from `scheduled_time` to `deletion_time` (seconds from the trace's start). They
 * name no creator; what recurs is the shape, so the quality class stands in for the queue.
 */
export function openbReader(): LineReader {
  let lines: OpenbLines | undefined;
  return (text) => {
    if (text.trim() === '') return undefined;
    if (!lines) {
      lines = openbLines(text);
      return undefined;
    }
    const cells = lines.cellsOf(text);
    return cells ? readRow((name) => cells[name] ?? '') : OPEN_QUOTE;
  };
}

/** The lines of an openb list, whose columns are found by name, in any order. */
export type OpenbLines = {
  readonly columns: readonly string[];
  /** By column, trimmed, '' where a line is short; undefined when a quote stays open. */
  cellsOf(line: string): Readonly<Record<string, string>> | undefined;
};

/** How the lines under a header are read. */
export function openbLines(header: string): OpenbLines {
  const columns = header
    .replace(/^\ufeff/, '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  return {
    columns,
    cellsOf(line) {
      const cells = splitCells(line, ',');
      return cells && Object.fromEntries(columns.map((name, column) => [name, (cells[column] ?? '').trim()]));
    },
  };
}

function readRow(cell: (name: string) => string): FinishedTask | RowFault {
  const time = (name: string) => (cell(name) === '' ? Number.NaN : Number(cell(name)));
  const [submit, start, end] = [time('creation_time'), time('scheduled_time'), time('deletion_time')];
  const fault = timeFault(submit, start, end);
  if (fault) return fault;
  const gpus = Number(cell('num_gpu'));
  const milliCpu = Number(cell('cpu_milli'));
  const gpuMilli = gpus * Number(cell('gpu_milli'));
  return {
    id: cell('name'),
    parameters: cell('qos') === '' ? {} : { queue: cell('qos') },
    request: requestOf({ milliCpu, memoryBytes: Number(cell('memory_mib')) * 2 ** 20, gpuMilli }),
    size: gpuMilli > 0 ? gpuMilli / 1000 : Math.max(1, milliCpu / 1000 || 1),
    submittedAtSeconds: submit,
    startedAtSeconds: start,
    endedAtSeconds: end,
    outcome: OUTCOMES[cell('pod_phase')] ?? 'unknown',
  };
}

const OUTCOMES: Readonly<Record<string, FinishedTask['outcome']>> = { Succeeded: 'succeeded', Failed: 'failed' };
