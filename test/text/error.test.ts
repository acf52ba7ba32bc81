import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ApiError, ClusterUnreachable, failureOf, NotPrometheus } from '../../src/cluster/errors.ts';
import { InputError } from '../../src/core/model/input.ts';
import { StateError, type StateFault } from '../../src/operate/stateError.ts';
import { describeError, describeKnownError } from '../../src/text/error.ts';
import { type OneOfEach, saysAll } from './everyCode.ts';

const WHY = { code: 'noAnswer', server: 'https://10.0.0.1', context: 'prod' } as const;

const STATE_FAULTS: OneOfEach<StateFault> = {
  unreadable: { code: 'unreadable', what: 'ledger', file: '/home/ana/ledger.jsonl', message: 'EACCES' },
  brokenLine: { code: 'brokenLine', file: '/home/ana/journal.jsonl', line: 17 },
  inUse: { code: 'inUse', process: 12345 },
  locked: { code: 'locked', file: '/home/ana/journal.lock' },
  inUseElsewhere: {
    ...{ code: 'inUseElsewhere', host: 'build-7', process: 12345, sinceSeconds: 1_790_000_000 },
    file: '/home/ana/journal.lock',
  },
  planLost: { code: 'planLost', planId: 'a1b2c3' },
};

describe('an error', () => {
  for (const [code, fault] of Object.entries(STATE_FAULTS)) {
    it(`of a state directory, ${code}: names all that it knows`, () => {
      const { sinceSeconds: _, ...said } = { sinceSeconds: 0, ...fault };
      saysAll(describeError(new StateError(fault)), said);
    });
  }

  it('that a user or a cluster brings about is told in sentences of ours', () => {
    const cases: [Error, string][] = [
      [new InputError('There is no node n-9.'), 'There is no node n-9.'],
      [
        new ClusterUnreachable(WHY),
        'https://10.0.0.1 (context "prod") did not answer in time. Check the network, VPN and proxy, then retry.',
      ],
      [
        new ApiError(500, 'InternalError', 'etcd has no leader'),
        'The API server answered with status 500: etcd has no leader.',
      ],
      [new NotPrometheus(), 'What answers there is no Prometheus.'],
    ];
    for (const [error, text] of cases) {
      assert.equal(describeKnownError(error), text);
      assert.equal(describeError(error), text);
    }
  });

  it('of the system is told with its file, why, and what to do', () => {
    const codes = 'EEXIST ENOTDIR EISDIR ENOENT EACCES EPERM EROFS ENOSPC EDQUOT ELOOP ENAMETOOLONG EMFILE ENFILE EIO';
    const texts = codes.split(' ').map((code) => {
      const error = Object.assign(new Error(`${code}: made, open 'f'`), { code, path: '/home/ana/.stowage' });
      const text = describeKnownError(error);
      assert.match(text ?? '', /^Cannot use \/home\/ana\/\.stowage: \S.*\.$/, code);
      assert.doesNotMatch(text!, /made|undefined/);
      return text;
    });
    assert.equal(new Set(texts).size, texts.length);
    const other = Object.assign(new Error('EXDEV: cross-device link not permitted'), { code: 'EXDEV' });
    assert.equal(describeKnownError(other), 'A file cannot be used: EXDEV: cross-device link not permitted.');
  });

  it('of what is nested too deeply is told in words', () => {
    let deep: unknown = [];
    for (let depth = 0; depth < 200_000; depth += 1) deep = [deep];
    try {
      JSON.stringify(deep);
      assert.fail('it can be written');
    } catch (error) {
      assert.match(describeKnownError(error) ?? '', /nested too deeply/);
    }
  });

  it('that is a defect keeps its own words, and is not taken for a known one', () => {
    assert.equal(describeKnownError(new TypeError('x is undefined')), undefined);
    assert.equal(describeError(new TypeError('x is undefined')), 'x is undefined');
    assert.equal(describeError('thrown text'), 'thrown text');
  });

  it('of several attempts to connect is told by the first', () => {
    const attempts = [new Error('connect ECONNREFUSED ::1:9090'), new Error('connect ECONNREFUSED 127.0.0.1:9090')];
    assert.deepEqual(failureOf(new AggregateError(attempts)), {
      code: 'said',
      message: 'connect ECONNREFUSED ::1:9090',
    });
  });

  it('keeps of a page that a proxy answered with its beginning, and of bad input all', () => {
    assert.equal((failureOf(new ApiError(502, '', 'x'.repeat(5000))) as { message: string }).message.length, 300);
    assert.equal((failureOf(new InputError('x'.repeat(5000))) as { message: string }).message.length, 5000);
  });

  it('tells a log its code and server in its message', () => {
    assert.equal(new ClusterUnreachable(WHY).message, 'noAnswer: https://10.0.0.1');
  });
});
