import type { ClusterTarget } from '../core/plan/plan.ts';
import { readOperations, unfinished } from '../operate/journal.ts';
import { NO_CLUSTER } from '../text/session.ts';
import type { Call, EditorThread } from './editorThread.ts';
import { OpenCluster } from './openCluster.ts';
import type { Connected, ConnectOptions } from './protocol.ts';

/** Which cluster is open: one at a time. Opening another drops all that belongs to the old one. */
export class CurrentCluster {
  private open: OpenCluster | undefined;
  /** Settles, and never rejects, when the cluster that was last asked for is open or could not be opened. */
  private opening: Promise<unknown> = Promise.resolve();
  /** Aborts once another cluster is asked for, or none. */
  private asked = new AbortController();
  private readonly editor: EditorThread;

  constructor(editor: EditorThread) {
    this.editor = editor;
  }

  /** The open cluster, without waiting for one that is being opened. */
  get now(): OpenCluster | undefined {
    return this.open;
  }

  /** The open cluster, once one that is being opened is open. */
  async settled(): Promise<OpenCluster | undefined> {
    let opening: Promise<unknown>;
    do {
      opening = this.opening;
      await opening;
    } while (opening !== this.opening);
    return this.open;
  }

  /** The open cluster, as `settled` finds it. @throws Error where there is none */
  async get(): Promise<OpenCluster> {
    return existing(await this.settled());
  }

  connect(options: ConnectOptions, call: Call): Promise<Connected> {
    this.asked.abort();
    this.asked = new AbortController();
    const { asked } = this;
    const signal = following(call.signal, asked.signal);
    return this.opens(async () => {
      await this.drop();
      if (options.target.kind === 'kubernetes') await this.follow(options.target, asked.signal);
      return OpenCluster.open(options, { ...call, signal }, this.editor);
    }, signal);
  }

  /** Opens the sample again with its clock advanced; plans that were issued are kept. */
  advance(advanceSeconds: number, call: Call): Promise<Connected> {
    const before = this.opening;
    const signal = following(call.signal, this.asked.signal);
    return this.opens(async () => {
      await before;
      signal.throwIfAborted();
      const { options, settings, kept } = existing(this.open);
      await this.drop();
      return OpenCluster.open({ ...options, settings, advanceSeconds }, { ...call, signal }, this.editor, kept);
    }, signal);
  }

  async close(): Promise<void> {
    this.asked.abort();
    await this.drop();
  }

  private opens(work: () => Promise<OpenCluster>, signal: AbortSignal): Promise<Connected> {
    const connected = work().then(async (open) => {
      if (signal.aborted) await open.close();
      signal.throwIfAborted();
      this.open = open;
      return { identity: open.cluster.identity, underWay: await movesUnderWay(open) };
    });
    this.opening = connected.catch(() => {});
    return connected;
  }

  private async drop(): Promise<void> {
    const last = this.open;
    this.open = undefined;
    await last?.close();
  }

  /** Tells of changes of the kubeconfig, so that a mended one is tried at once, even where the old one did not work. */
  private async follow({ kubeconfig }: KubernetesTarget, signal: AbortSignal): Promise<void> {
    const [{ kubeconfigFiles }, { followFiles }] = await Promise.all([
      import('../cluster/kubernetes/api/kubeconfig.ts'),
      import('../cluster/kubernetes/api/followFiles.ts'),
    ]);
    signal.throwIfAborted();
    followFiles(kubeconfigFiles(kubeconfig), () => this.editor.send({ type: 'kubeconfigChanged' }), signal);
  }
}

/**
 * Aborts with the first of these. Somebody listens from the start: else Node (24.18 on, nodejs/node#62367) looks at the
 * sources only when asked, and one that was collected meanwhile has never aborted.
 */
function following(...signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  signal.addEventListener('abort', () => {}, { once: true });
  return signal;
}

type KubernetesTarget = Extract<ClusterTarget, { kind: 'kubernetes' }>;

function existing(open: OpenCluster | undefined): OpenCluster {
  if (!open) throw new Error(NO_CLUSTER);
  return open;
}

async function movesUnderWay({ cluster, options }: OpenCluster): Promise<number> {
  const own = (await readOperations(options.stateDirectory)).filter((operation) => operation.cluster === cluster.name);
  return own.reduce((sum, operation) => sum + unfinished(operation).length, 0);
}
