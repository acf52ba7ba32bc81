import { parentPort } from 'node:worker_threads';
import { plainTexts } from '../core/model/plain.ts';
import { describeError } from '../text/error.ts';
import { planAs } from '../text/plan/formats.ts';
import { useZone } from '../text/zone.ts';
import { CurrentCluster } from './currentCluster.ts';
import { doctor } from './doctor.ts';
import { type Call, EditorThread } from './editorThread.ts';
import { apply, resume, train, undo } from './operations.ts';
import type { Answers, Request, RequestType, ToPlanner } from './protocol.ts';

/** What carries each request out. */
type Handlers = {
  readonly [Type in RequestType]: (request: Request<Type>, call: Call) => Promise<Answers[Type]>;
};

const editor = new EditorThread((message) =>
  parentPort?.postMessage(message.type === 'answer' ? message : plainTexts(message)),
);
/** Answers with names and paths that come back as they are; who shows them makes them plain. */
const COME_BACK: ReadonlySet<RequestType> = new Set(['contexts', 'offer']);
const current = new CurrentCluster(editor);
const running = new Map<number, AbortController>();

const handlers: Handlers = {
  connect: (options, call) => current.connect(options, call),
  close: async () => {
    await current.close();
  },
  advance: ({ seconds }, call) => current.advance(seconds, call),
  settings: async ({ settings }) => {
    const open = await current.settled();
    if (open) open.settings = settings;
  },
  refresh: async (_, { signal }) => {
    await (await current.get()).refresh(signal);
  },
  plan: async (_, call) => (await current.get()).plan(call),
  rank: async (weighing) => (await current.get()).rank(weighing),
  whatIf: async (asked, call) => (await current.get()).whatIf(asked, call),
  planAs: async ({ planId, format }) => planAs(format, (await current.get()).planOf(planId)),
  apply: async (chosen, call) => apply(await current.get(), chosen, call),
  continue: async (how, call) => resume(await current.get(), how, call),
  undo: async (_, call) => undo(await current.get(), call),
  train: (options, call) => train(() => current.get(), options, call),
  offer: async () => (await current.get()).offer(),
  answerOffer: async (answer, { signal }) => {
    await (await current.get()).answerOffer(answer, signal);
  },
  ledger: async () => (await current.get()).movesDone(),
  doctor: (asked, { signal }) => doctor(asked, current.now, signal),
  contexts: async ({ kubeconfig }) => {
    const { listContexts } = await import('../cluster/kubernetes/api/kubeconfig.ts');
    return listContexts(kubeconfig);
  },
};

parentPort?.on('message', (message: ToPlanner) => {
  switch (message.type) {
    case 'request':
      return void answer(message.id, message.request);
    case 'zone':
      // The rows hold sentences with times.
      if (useZone(message.zone)) current.now?.requestUpdate();
      return;
    case 'cancel':
      return running.get(message.id)?.abort();
    case 'confirmed':
      return editor.confirmed(message.id, message.yes);
    case 'acknowledged':
      return editor.acknowledged(message.number);
    default:
      message satisfies never;
  }
});

async function answer(id: number, request: Request): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  try {
    const found = await dispatch(request, editor.call(id, abort.signal));
    editor.send({ type: 'answer', id, answer: COME_BACK.has(request.type) ? found : plainTexts(found) });
  } catch (error) {
    const cancelled = abort.signal.aborted || (error instanceof Error && error.name === 'AbortError');
    editor.send({ type: 'failure', id, message: describeError(error), cancelled });
  } finally {
    running.delete(id);
  }
}

function dispatch<Type extends RequestType>(request: Request<Type>, call: Call): Promise<Answers[Type]> {
  return handlers[request.type](request, call);
}
