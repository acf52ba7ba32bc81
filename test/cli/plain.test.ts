import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from 'mocha';
import { paint, print, printError, progressLine } from '../../src/cli/plain.ts';

const HOSTILE = 'denied\u001b]0;owned\u0007 by\u001b[8m a \u009b31mhook\u202e at https://u:secret@h/';

/** What is written to a stream meanwhile. */
function writtenTo(stream: NodeJS.WriteStream, work: () => void): string {
  const { write } = stream;
  let all = '';
  stream.write = ((text: string) => {
    all += text;
    return true;
  }) as typeof write;
  try {
    work();
  } finally {
    stream.write = write;
  }
  return all;
}

describe('what reaches the terminal', () => {
  it('holds no control sequence and no password, on either stream', () => {
    const plain = 'denied  by  a  hook  at https://h/\n';
    assert.equal(
      writtenTo(process.stdout, () => print(`${HOSTILE}\n`)),
      plain,
    );
    assert.equal(
      writtenTo(process.stderr, () => printError(`${HOSTILE}\n`)),
      plain,
    );
  });

  it('has our colours where they can be seen, also one in another, and nobody else’s', () => {
    const coloured = (work: () => void) => {
      const { FORCE_COLOR, NO_COLOR } = process.env;
      const isTTY = process.stdout.isTTY;
      delete process.env['NO_COLOR'];
      process.env['FORCE_COLOR'] = '1';
      process.stdout.isTTY = true;
      try {
        return writtenTo(process.stdout, work);
      } finally {
        process.stdout.isTTY = isTTY;
        for (const [name, value] of Object.entries({ FORCE_COLOR, NO_COLOR }))
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
      }
    };
    assert.equal(
      coloured(() => print(`${paint('bold', 'a\u001b[8mb')} \u001b[1mc\u001b[999m`)),
      '\u001b[1ma b\u001b[22m  c ',
    );
    assert.equal(
      coloured(() => print(paint('dim', `x ${paint('green', 'y')}`))),
      '\u001b[2mx \u001b[32my\u001b[39m\u001b[22m',
    );
  });

  it('has progress without what it counts having a say', () => {
    const lines: string[] = [];
    const stream = { isTTY: true, write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream;
    progressLine(stream).show(0.5, HOSTILE);
    assert.deepEqual(lines, ['\r\u001b[K 50 % denied  by  a  hook  at https://h/']);
  });

  it('has come through one file', () => {
    const WAYS = /\bconsole\.|process\.std(?:out|err)\b|\bcreateInterface\b|\bstyleText\b|\/dev\/tty|\bWriteStream\(/;
    const others = globSync('**/*.ts', { cwd: resolve('src/cli') }).filter(
      (file) => file !== 'plain.ts' && WAYS.test(readFileSync(resolve('src/cli', file), 'utf8')),
    );
    assert.deepEqual(others, []);
  });
});
