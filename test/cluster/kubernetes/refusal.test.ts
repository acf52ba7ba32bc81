import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ApiError, ClusterUnreachable, Unseen } from '../../../src/cluster/errors.ts';
import { refusalOf } from '../../../src/cluster/kubernetes/write/refusal.ts';
import type { ServerRefusal } from '../../../src/cluster/refused.ts';
import { describeRefusedAct } from '../../../src/text/refusal.ts';

const ATTEMPT = { act: 'resize', task: 'ml/train' } as const;
const REAL = { dryRun: false };
const DRY = { dryRun: true };

/** What API servers of 1.36 say, each with its status. */
const SAID: readonly (readonly [kind: ServerRefusal, status: number, message: string])[] = [
  [
    'right',
    403,
    'jobs.batch "j3" is forbidden: User "system:serviceaccount:ml:ana" cannot patch resource "jobs" in API group "batch" in the namespace "ml"',
  ],
  [
    'right',
    403,
    'pods "p" is forbidden: User "ana" cannot patch resource "pods/resize" in API group "" in the namespace "ml": RBAC: clusterrole.rbac.authorization.k8s.io "stowage-operator" not found',
  ],
  ['limitRange', 403, 'pods "p" is forbidden: maximum cpu usage per Container is 700m, but limit is 703m'],
  [
    'limitRange',
    403,
    'pods "p" is forbidden: [minimum memory usage per Container is 64Mi, but request is 1Mi, maximum cpu usage per Pod is 4, but limit is 5]',
  ],
  [
    'limitRange',
    403,
    'pods "p" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
  ],
  [
    'quota',
    403,
    'pods "p" is forbidden: exceeded quota: team, requested: requests.cpu=2, used: requests.cpu=7, limited: requests.cpu=8',
  ],
  ['quota', 403, 'pods "p" is forbidden: failed quota: team: must specify limits.cpu for: main'],
  [
    'podSecurity',
    403,
    'pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set it)',
  ],
  ['policy', 403, 'admission webhook "validate.kyverno.svc-fail" denied the request: no pins by name'],
  ['policy', 400, 'admission webhook "gate.example.com" denied the request: User "x" cannot patch resource "y"'],
  [
    'policy',
    422,
    `jobs.batch "j" is forbidden: ValidatingAdmissionPolicy 'no-pins' with binding 'all' denied request: no pins by name`,
  ],
  ['forbidden', 403, 'access denied by the gateway'],
  ['gone', 404, 'pods "p" not found'],
  ['changed', 409, 'Operation cannot be fulfilled on pods "p": the object has been modified'],
  ['qosClass', 422, 'Pod "p" is invalid: spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result'],
  ['noResize', 422, 'Pod "p" is invalid: spec: Forbidden: Pod running on node without support for resize'],
  ['template', 422, 'Job.batch "j" is invalid: spec.template: Invalid value: {}: field is immutable'],
  ['invalid', 422, 'Pod "p" is invalid: spec.containers[0].resources: Invalid value'],
  ['invalid', 415, 'the body of the request was in an unknown format'],
];

describe('what an API server answers to an act', () => {
  for (const [kind, status, message] of SAID) {
    it(`is ${kind}: ${message.slice(0, 90)}`, () => {
      for (const options of [REAL, DRY]) {
        const refused = refusalOf(new ApiError(status, '', message), ATTEMPT, options);
        assert.ok(refused.why.code === 'server');
        assert.equal(refused.why.kind, kind);
        assert.equal(refused.code === 'forbidden', kind === 'right', 'only a right is asked of an administrator');
        assert.equal(/Ask an administrator for this right/.test(describeRefusedAct(refused)), kind === 'right');
      }
    });
  }

  it('is no answer when it was busy or failing around a write; around a dry run it is a refusal for now', () => {
    for (const status of [408, 429, 500, 502, 503, 504]) {
      const error = new ApiError(status, '', 'later', { retryAfterSeconds: 7 });
      assert.throws(
        () => refusalOf(error, ATTEMPT, REAL),
        (thrown) => thrown === error,
      );
      const { code, why } = refusalOf(error, ATTEMPT, DRY);
      assert.deepEqual(
        [code, why],
        ['conflict', { code: 'server', kind: 'later', status, message: 'later', retryAfterSeconds: 7 }],
      );
    }
  });

  it('is no answer when the object could not be looked at, or nobody was reached', () => {
    const unreachable = new ClusterUnreachable({ server: 's', context: 'c', code: 'noAnswer' });
    for (const error of [new Unseen(new ApiError(403, '', 'cannot get resource "jobs"')), unreachable]) {
      for (const options of [REAL, DRY]) {
        assert.throws(
          () => refusalOf(error, ATTEMPT, options),
          (thrown) => thrown === error,
        );
      }
    }
  });

  it('tells a spent disruption budget from a throttle', () => {
    const causes = [{ reason: 'DisruptionBudget', message: 'needs 2 healthy pods', field: '' }];
    assert.equal(refusalOf(new ApiError(429, '', 'Cannot evict', { causes }), ATTEMPT, REAL).code, 'budget');
  });
});
