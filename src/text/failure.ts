import type { Failure, Unreachable, WhyNoCredentials } from '../core/model/failure.ts';
import { amount, duration, ended } from './format.ts';

/** Every sentence about a cluster that did not tell what it was asked: what failed, where, why, and what to do. */
export function describeFailure(failure: Failure): string {
  switch (failure.code) {
    case 'answer':
      return ended(
        `The API server answered with status ${failure.status}: ${failure.message || 'it said nothing more'}`,
      );
    case 'notPrometheus':
      return 'What answers there is no Prometheus.';
    case 'said':
      return ended(failure.message);
    default:
      return describeUnreachable(failure);
  }
}

/** "https://10.0.0.1:6443 (context "prod") refuses connections. Is the cluster running, …" */
export function describeUnreachable(why: Unreachable): string {
  const { server, context } = why;
  const where = `${server} (context "${context}")`;
  switch (why.code) {
    case 'refusesConnections':
      return `${where} refuses connections. Is the cluster running, and is the address in the kubeconfig right?`;
    case 'unknownHost':
      return `${where} has a name that cannot be resolved. Check the network, VPN and the address in the kubeconfig.`;
    case 'noAnswer':
      return `${where} did not answer in time. Check the network, VPN and proxy, then retry.`;
    case 'answerStopped':
      return `${where} stopped in the middle of an answer. Check the network, then retry.`;
    case 'connectionCut':
      return `${where} cut the connection. Check the network, VPN and proxy, then retry.`;
    case 'watchEnded':
      return `${where} ended a watch at once. Check the network and proxy, then retry.`;
    case 'unknownCertificate':
      return `${where} has a certificate that is not signed by the CA in the kubeconfig. Fetch the kubeconfig of this cluster again; a rebuilt cluster has a new CA.`;
    case 'expiredCertificate':
      return `${where} has a certificate that has expired. Its administrator must renew it; check this machine’s clock, too.`;
    case 'otherCertificate':
      return `${where} has a certificate for another name. Check the address in the kubeconfig, or set tls-server-name there.`;
    case 'proxy':
      return `${where} could not be reached through the proxy (${why.message}). ${CHECK_PROXY}`;
    case 'proxyAnswer':
      return `${where} could not be reached through the proxy (it answers ${why.status}). ${CHECK_PROXY}`;
    case 'noCredentials':
      return `There are no credentials for ${where}. ${describeNoCredentials(why.why)} Log in to the cluster again, then retry.`;
    case 'credentialsRefused':
      return `${server} did not accept the credentials of context "${context}": they have expired or are not valid here (401 ${why.message}). Log in to the cluster again (as for kubectl), then retry.`;
    case 'notKubernetes':
      return `${where} answered ${why.path} with something other than ${FORMS[why.form]}. Is it a Kubernetes API server, or a login page or proxy in front of one?`;
    case 'otherServer':
      return `Context "${context}" now names another server, ${why.now} in place of ${server}. Open the cluster again.`;
    case 'failed':
      return ended(`${where} could not be reached: ${why.message}`);
  }
}

function describeNoCredentials(why: WhyNoCredentials): string {
  switch (why.code) {
    case 'unusable':
      return ended(why.message);
    case 'tokenFile':
      return ended(`The token file ${why.file} cannot be read: ${why.message}`);
    case 'noCommand':
      return 'The kubeconfig names a credential program without a command.';
    case 'providerDropped':
      return describeProviderDropped(why.provider);
    case 'notFound':
      return withHint(`The credential program "${why.command}" did not start: it is not on the PATH.`, why.hint);
    case 'notStarted':
      return withHint(ended(`The credential program "${why.command}" did not start: ${why.message}`), why.hint);
    case 'programFailed':
      return ended(`The credential program "${why.command}" failed: ${why.message}`);
    case 'programSilent':
      return `The credential program "${why.command}" failed: it said nothing.`;
    case 'programSlow':
      return `The credential program "${why.command}" failed: it took longer than ${duration(why.seconds)}.`;
    case 'programEndless':
      return `The credential program "${why.command}" failed: it printed more than ${amount('memoryBytes', why.mostBytes)}.`;
    case 'noToken':
      return `The credential program "${why.command}" gave neither a token nor a certificate.`;
  }
}

/** kubectl 1.26 dropped those of gcp and azure, which ran programs (kubernetes/kubernetes#112341). */
function describeProviderDropped(provider: string): string {
  const program = Object.hasOwn(SUCCESSORS, provider) ? SUCCESSORS[provider] : undefined;
  const named = `The kubeconfig names the auth-provider "${provider}",`;
  if (program === undefined) return `${named} which Stowage does not know. Name a credential program (exec) there.`;
  return `${named} which kubectl dropped in 1.26. Name its successor ${program} as the credential program (exec) there.`;
}

const SUCCESSORS: Readonly<Record<string, string>> = { gcp: 'gke-gcloud-auth-plugin', azure: 'kubelogin' };

function withHint(sentence: string, hint: string | undefined): string {
  return hint === undefined ? sentence : `${sentence} ${ended(hint)}`;
}

const FORMS = { json: 'JSON', protobuf: 'Kubernetes’ binary form' } as const;

const CHECK_PROXY =
  'Check that the proxy runs and lets this address pass, or make an exception for it: `http.noProxy` in the editor, else NO_PROXY.';
