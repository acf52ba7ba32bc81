import type { Access } from '../cluster/port.ts';
import { isRecord } from '../core/model/isRecord.ts';
import type { CellLanguage } from './cell.ts';

/** From the editor to a kernel process, over IPC. "Interrupt" goes over its standard input, which is read while a cell runs. */
export type ToKernel =
  | { readonly type: 'context'; readonly context: KernelContext }
  | {
      readonly type: 'run';
      /** Names this run in every answer; counts from 1 and is what the editor shows beside the cell. */
      readonly run: number;
      readonly code: string;
      readonly language: CellLanguage;
    }
  | { readonly type: 'complete'; readonly id: number; readonly text: string }
  | { readonly type: 'describe'; readonly id: number; readonly expression: string };

/** What `stowage` in a cell works on. */
export type KernelContext = {
  /** The workspace's folder. */
  readonly folder: string;
  /** Where predictor, journal and the sample's state lie; absent: `.stowage` in the folder. */
  readonly stateDirectory?: string;
  /** The open cluster; absent: the sample. */
  readonly cluster?:
    | { readonly kind: 'sample'; readonly seed: number; readonly directory: string }
    | { readonly kind: 'kubernetes'; readonly kubeconfig?: string; readonly context?: string };
  /** In which zone times are told, by its IANA name; absent: the process's own. */
  readonly zone?: string;
  /** By what a Kubernetes cluster is reached and read. */
  readonly access?: Access;
  /** The user's settings of the method, as `Settings`; absent ones are the defaults. */
  readonly settings?: Readonly<Record<string, unknown>>;
};

/** From a kernel process to the editor. */
export type FromKernel =
  | { readonly type: 'text'; readonly run: number; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'display'; readonly run: number; readonly display: number; readonly bundle: MimeBundle }
  | { readonly type: 'error'; readonly run: number; readonly error: CellError }
  | { readonly type: 'ended'; readonly run: number; readonly how: 'done' | 'failed' | 'interrupted' }
  | { readonly type: 'completions'; readonly id: number; readonly items: readonly Completion[] }
  | { readonly type: 'description'; readonly id: number; readonly markdown?: string };

/** One value in several forms, best first; JSON types hold JSON text. A display of the same number replaces the earlier one. */
export type MimeBundle = readonly { readonly mime: string; readonly text: string }[];

/** `stack` begins with name and message and holds the cell's lines only. */
export type CellError = { readonly name: string; readonly message: string; readonly stack: string };

export type Completion = {
  readonly label: string;
  readonly kind: 'function' | 'class' | 'value' | 'module';
  readonly detail?: string;
  readonly documentation?: string;
};

/** Parses what the editor sent; undefined for anything that is not exactly one of `ToKernel`. */
export function parseToKernel(value: unknown): ToKernel | undefined {
  if (!isRecord(value)) return undefined;
  const { type, run, code, language, id, text, expression, context } = value;
  switch (type) {
    case 'context':
      return isRecord(context) && typeof context['folder'] === 'string'
        ? { type, context: context as KernelContext }
        : undefined;
    case 'run':
      return isCount(run) && typeof code === 'string' && (language === 'javascript' || language === 'typescript')
        ? { type, run, code, language }
        : undefined;
    case 'complete':
      return isCount(id) && typeof text === 'string' ? { type, id, text } : undefined;
    case 'describe':
      return isCount(id) && typeof expression === 'string' ? { type, id, expression } : undefined;
    default:
      return undefined;
  }
}

/** Parses what a kernel process sent: a cell may call `process.send` itself. */
export function parseFromKernel(value: unknown): FromKernel | undefined {
  if (!isRecord(value)) return undefined;
  const { type, run, stream, text, display, bundle, error, how, id, items, markdown } = value;
  switch (type) {
    case 'text':
      return isCount(run) && (stream === 'stdout' || stream === 'stderr') && typeof text === 'string'
        ? { type, run, stream, text }
        : undefined;
    case 'display':
      return isCount(run) && isCount(display) && isBundle(bundle) ? { type, run, display, bundle } : undefined;
    case 'error':
      return isCount(run) && isCellError(error) ? { type, run, error } : undefined;
    case 'ended':
      return isCount(run) && (how === 'done' || how === 'failed' || how === 'interrupted')
        ? { type, run, how }
        : undefined;
    case 'completions':
      return isCount(id) && Array.isArray(items) && items.every(isCompletion) ? { type, id, items } : undefined;
    case 'description':
      if (!isCount(id)) return undefined;
      return typeof markdown === 'string' ? { type, id, markdown } : { type, id };
    default:
      return undefined;
  }
}

function isBundle(value: unknown): value is MimeBundle {
  return (
    Array.isArray(value) &&
    value.every((form) => isRecord(form) && typeof form['mime'] === 'string' && typeof form['text'] === 'string')
  );
}

function isCellError(value: unknown): value is CellError {
  return isRecord(value) && ['name', 'message', 'stack'].every((key) => typeof value[key] === 'string');
}

function isCompletion(value: unknown): value is Completion {
  return isRecord(value) && typeof value['label'] === 'string' && typeof value['kind'] === 'string';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
