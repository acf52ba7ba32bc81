import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { plainLine, plainText } from '../../src/cli/plain.ts';

describe('what is printed of a cluster', () => {
  it('holds no control sequence, in one line or in several', () => {
    const hostile = 'denied\u001b]0;owned\u0007 by\r\nwebhook\u009b31m';
    assert.equal(plainText(hostile), 'denied ]0;owned  by \nwebhook 31m');
    assert.equal(plainLine(hostile), 'denied ]0;owned  by  webhook 31m');
  });

  it('is left as it is where it is plain', () => {
    assert.equal(plainLine('4 CPU, 16 GiB → node-é'), '4 CPU, 16 GiB → node-é');
  });
});
