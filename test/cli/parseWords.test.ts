import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseWords } from '../../src/cli/parseWords.ts';
import { InputError } from '../../src/core/model/input.ts';

describe('the words after a command', () => {
  const options = { yes: { type: 'boolean', short: 'y' }, setting: { type: 'string', multiple: true } } as const;

  it('become the values of its options', () => {
    const { values } = parseWords('apply', ['-y', '--setting', 'a=1', '--setting', 'b=2'], { options });
    assert.deepEqual({ ...values }, { yes: true, setting: ['a=1', 'b=2'] });
  });

  it('are refused, where they are none of its own, in a sentence that names its help', () => {
    assert.throws(
      () => parseWords('apply', ['--plan'], { options }),
      new InputError("Unknown option '--plan'. See: stowage apply --help"),
    );
    assert.throws(() => parseWords('undo', ['now'], { options }), /^InputError: .*[^.]\. See: stowage undo --help$/);
  });
});
