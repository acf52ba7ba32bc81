/**
 * Why a cluster, or a source beside it, did not tell what it was asked: a code with what a sentence about it needs.
 * Plain data, which travels between threads and is kept in plans; `text/failure.ts` has the sentences. `message` is
 * what the system, a library or the server said.
 */
export type Failure =
  | Unreachable
  /** An answer of the API server that is no success. */
  | { readonly code: 'answer'; readonly status: number; readonly message: string }
  /** Something answers where a Prometheus should be. */
  | { readonly code: 'notPrometheus' }
  | { readonly code: 'said'; readonly message: string };

/** Why the server of a kubeconfig's context did not answer, or not as an API server would. */
export type Unreachable = { readonly server: string; readonly context: string } & WhyUnreachable;

export type WhyUnreachable =
  | { readonly code: ConnectionFault }
  /** The proxy on the way to it cannot be used, or does not let the connection pass. */
  | { readonly code: 'proxy'; readonly message: string }
  | { readonly code: 'proxyAnswer'; readonly status: number }
  | { readonly code: 'noCredentials'; readonly why: WhyNoCredentials }
  | { readonly code: 'credentialsRefused'; readonly message: string }
  /** What answers is no API server: `form` is what was expected of it. */
  | { readonly code: 'notKubernetes'; readonly path: string; readonly form: 'json' | 'protobuf' }
  /** The kubeconfig names another server for the context than when the cluster was opened. */
  | { readonly code: 'otherServer'; readonly now: string }
  | { readonly code: 'failed'; readonly message: string };

/** What is told by its code alone. */
export type ConnectionFault =
  | 'refusesConnections'
  | 'unknownHost'
  | 'noAnswer'
  /** It stopped in the middle of an answer; it cut the connection; it ended a watch as soon as it was asked. */
  | 'answerStopped'
  | 'connectionCut'
  | 'watchEnded'
  /** Its certificate: not signed by the kubeconfig's CA; expired; for another name. */
  | 'unknownCertificate'
  | 'expiredCertificate'
  | 'otherCertificate';

/** Why there are no credentials to show to the server. `command` is the program that the kubeconfig names. */
export type WhyNoCredentials =
  | { readonly code: 'unusable'; readonly message: string }
  | { readonly code: 'tokenFile'; readonly file: string; readonly message: string }
  | { readonly code: 'noCommand' }
  /** An `auth-provider` that the kubeconfig names and nobody serves any more. */
  | { readonly code: 'providerDropped'; readonly provider: string }
  /** `hint`: how the kubeconfig says to install it. */
  | { readonly code: 'notFound'; readonly command: string; readonly hint?: string }
  | { readonly code: 'notStarted'; readonly command: string; readonly message: string; readonly hint?: string }
  | { readonly code: 'programFailed'; readonly command: string; readonly message: string }
  | { readonly code: 'programSilent'; readonly command: string }
  | { readonly code: 'programSlow'; readonly command: string; readonly seconds: number }
  | { readonly code: 'programEndless'; readonly command: string; readonly mostBytes: number }
  | { readonly code: 'noToken'; readonly command: string };
