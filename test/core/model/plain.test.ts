import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { jsonText } from '../../../src/core/model/jsonText.ts';
import {
  isPlainLine,
  plainLine,
  plainText,
  plainTexts,
  plainValue,
  withoutPasswords,
} from '../../../src/core/model/plain.ts';

/** Every character that a terminal obeys or nobody sees, as code points. */
const UNSEEN = [
  ...[...Array(0x20).keys()].filter((code) => code !== 0x09 && code !== 0x0a),
  ...[0x7f, ...Array.from({ length: 0x20 }, (_, index) => 0x80 + index)],
  ...[0x061c, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e],
  ...[0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff, 0xad, 0x115f, 0x3164, 0xfff9, 0xe0041],
];

describe('a plain text', () => {
  it('has no character that steers or is unseen, and says where one was', () => {
    for (const code of UNSEEN) {
      const text = `a${String.fromCodePoint(code)}b`;
      const name = code.toString(16);
      // An escape takes the letter with it that it would have made a sequence.
      assert.equal(plainText(text), code === 0x1b || code === 0x9b ? 'a ' : 'a b', name);
      assert.equal(isPlainLine(text), false, name);
    }
    assert.equal(plainText('a\ud800b\udc00'), 'a b ');
  });

  it('keeps line breaks and tabs, and one line keeps neither', () => {
    assert.equal(plainText('a\tb\nc\r\nd\re'), 'a\tb\nc\r\nd e');
    assert.equal(plainLine('a\tb\nc\r\nd\re\n\n'), 'a b c d e ');
    assert.equal(plainText(''), '');
  });

  it('has no sequence, whole or cut off, with one byte or two', () => {
    for (const sequence of [
      ...[
        '\u001b]0;title\u0007',
        '\u001b]8;;http://x\u001b\\',
        '\u009d0;title\u009c',
        '\u001bP1$r\u001b\\',
        '\u001b[2J',
      ],
      ...['\u001b[38;5;1m', '\u009b31m', '\u001bc', '\u001b(0', '\u001b_x\u001b\\', '\u001b[?1049h'],
    ]) {
      assert.equal(plainText(`a${sequence}b`), 'a b', JSON.stringify(sequence));
    }
    for (const cutOff of ['\u001b', '\u001b[', '\u001b[3', '\u001b]0;']) {
      const left = plainText(`a${cutOff}`);
      assert.ok(left.startsWith('a ') && isPlainLine(left), JSON.stringify(left));
    }
    // A sequence without its end hides nothing of what follows.
    assert.equal(plainText('a\u001b]0;b\nc'), 'a 0;b\nc');
  });

  it('is left as it is where it is plain, whatever its script', () => {
    for (const text of ['4 CPU, 16 GiB → node-é', 'gpu‑3\u00a0…', 'задача', '作业 😀', 'שלום'])
      assert.equal(plainText(text), text);
  });

  it('comes of every text in a value, names of fields too', () => {
    const hostile = { 'a\u202e': ['x\ny', 1, null, { b: '\u001b[2J' }], c: 'http://u:p@h/' };
    assert.deepEqual(plainValue(hostile), { 'a ': ['x y', 1, null, { b: ' ' }], c: 'http://h/' });
    assert.deepEqual(plainTexts({ a: 'x\ny\u202e' }), { a: 'x\ny ' });
    const plain = { a: ['b', { c: 1 }], d: new Uint8Array([27]) };
    assert.equal(plainValue(plain), plain);
  });
});

describe('a text without passwords', () => {
  it('has none in any URL, and keeps the rest of them', () => {
    for (const [text, without] of [
      ['https://u:p@h:6443/x?y', 'https://h:6443/x?y'],
      ['c (http://token@h) and socks5://u:p%40@i', 'c (http://h) and socks5://i'],
      ['https://u:p@ss@h', 'https://h'],
      ['https://h/a@b, mail me@h', 'https://h/a@b, mail me@h'],
      ['from abfss://train@a.dfs.core.windows.net/x', 'from abfss://train@a.dfs.core.windows.net/x'],
      ['wasb://$root@a/x and abfs://u:p@a/x', 'wasb://$root@a/x and abfs://a/x'],
    ] as const) {
      assert.equal(withoutPasswords(text), without);
    }
  });
});

describe('JSON for files and pipes', () => {
  it('is the same value when it is read, and plain', () => {
    const value = { 'a\u202e': UNSEEN.map((code) => String.fromCodePoint(code)), b: '\ud800', c: 'é 😀', d: [1, null] };
    for (const indent of [undefined, 1]) {
      const text = jsonText(value, indent);
      assert.deepEqual(JSON.parse(text), value);
      assert.equal(plainText(text), text);
    }
    assert.match(jsonText('\u202e\u009b\u{e0041}'), /^"\\u202e\\u009b\\udb40\\udc41"$/);
    assert.equal(jsonText({ c: 'é 😀' }), '{"c":"é 😀"}');
  });
});
