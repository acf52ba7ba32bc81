import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Failure, Unreachable, WhyNoCredentials } from '../../src/core/model/failure.ts';
import { describeFailure } from '../../src/text/failure.ts';
import { type OneOfEach, saysAll } from './everyCode.ts';

const AT = { server: 'https://10.0.0.1:6443', context: 'prod' };

const NO_CREDENTIALS: OneOfEach<WhyNoCredentials> = {
  unusable: { code: 'unusable', message: 'no such key' },
  tokenFile: { code: 'tokenFile', file: '/run/token', message: 'permission denied' },
  noCommand: { code: 'noCommand' },
  providerDropped: { code: 'providerDropped', provider: 'gcp' },
  notFound: { code: 'notFound', command: 'login', hint: 'Get it from example.org' },
  notStarted: { code: 'notStarted', command: 'login', message: 'spawn EACCES', hint: 'Get it from example.org.' },
  programFailed: { code: 'programFailed', command: 'login', message: 'please log in first' },
  programSilent: { code: 'programSilent', command: 'login' },
  programSlow: { code: 'programSlow', command: 'login', seconds: 45 },
  programEndless: { code: 'programEndless', command: 'login', mostBytes: 512 },
  noToken: { code: 'noToken', command: 'login' },
};

const UNREACHABLE: OneOfEach<Unreachable> = {
  refusesConnections: { ...AT, code: 'refusesConnections' },
  unknownHost: { ...AT, code: 'unknownHost' },
  noAnswer: { ...AT, code: 'noAnswer' },
  answerStopped: { ...AT, code: 'answerStopped' },
  connectionCut: { ...AT, code: 'connectionCut' },
  watchEnded: { ...AT, code: 'watchEnded' },
  unknownCertificate: { ...AT, code: 'unknownCertificate' },
  expiredCertificate: { ...AT, code: 'expiredCertificate' },
  otherCertificate: { ...AT, code: 'otherCertificate' },
  proxy: { ...AT, code: 'proxy', message: 'connect ECONNREFUSED 10.0.0.9:3128' },
  proxyAnswer: { ...AT, code: 'proxyAnswer', status: 407 },
  noCredentials: { ...AT, code: 'noCredentials', why: NO_CREDENTIALS.noToken },
  credentialsRefused: { ...AT, code: 'credentialsRefused', message: 'Unauthorized' },
  notKubernetes: { ...AT, code: 'notKubernetes', path: '/api/v1/pods', form: 'json' },
  otherServer: { ...AT, code: 'otherServer', now: 'https://10.0.0.2:6443' },
  failed: { ...AT, code: 'failed', message: 'something odd' },
};

const FAILURES: OneOfEach<Failure> = {
  ...UNREACHABLE,
  answer: { code: 'answer', status: 500, message: 'etcd has no leader' },
  notPrometheus: { code: 'notPrometheus' },
  said: { code: 'said', message: 'connect ECONNREFUSED 10.0.0.3:9090' },
};

describe('the sentence of a failure', () => {
  for (const [code, failure] of Object.entries(FAILURES)) {
    it(`${code}: names all that it knows`, () => saysAll(describeFailure(failure), failure));
  }

  it('names what took the place of an auth-provider, where something did', () => {
    const said = (provider: string) =>
      describeFailure({ ...AT, code: 'noCredentials', why: { code: 'providerDropped', provider } });
    assert.match(said('gcp'), /"gcp", which kubectl dropped in 1\.26.* gke-gcloud-auth-plugin/);
    assert.match(said('azure'), /kubelogin/);
    assert.match(said('toString'), /"toString", which Stowage does not know/);
  });

  for (const [code, why] of Object.entries(NO_CREDENTIALS)) {
    it(`no credentials, ${code}: names all that it knows, and says to log in`, () => {
      const text = describeFailure({ ...AT, code: 'noCredentials', why });
      saysAll(text, { ...AT, why });
      assert.match(text, /Log in to the cluster again, then retry\.$/);
      assert.doesNotMatch(text, /\.\./);
    });
  }

  it('names the form that a list was asked for in', () => {
    const text = describeFailure({ ...AT, code: 'notKubernetes', path: '/api/v1/pods', form: 'protobuf' });
    assert.match(text, /answered \/api\/v1\/pods with something other than Kubernetes’ binary form\./);
  });

  it('is one where the server gave no words with its status', () => {
    assert.equal(
      describeFailure({ code: 'answer', status: 502, message: '' }),
      'The API server answered with status 502: it said nothing more.',
    );
  });
});
