import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, describe, it } from 'mocha';
import { BUILT } from './built.ts';

/** Tasks of two users; the third row never ran, the fourth is broken. */
const logOf = (rows: number) =>
  `; UnixStartTime: 0\n${Array.from({ length: rows }, (_, at) => {
    const run = at === 2 ? 0 : 60 + (at % 5);
    return at === 3 ? 'broken' : `${at} ${at * 100} 1 ${run} 2 -1 -1 2 600 -1 1 ${at % 2} -1 -1 -1 -1 -1 -1`;
  }).join('\n')}\n`;
const SWF = logOf(30);

describe('train and evaluate', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-cli-'));
    const files = {
      'log.swf.gz': gzipSync(SWF),
      'notes.txt': 'hello\n',
      'false.swf.gz': 'hello\n',
      'cut.swf.gz': gzipSync(SWF.repeat(2000)).subarray(0, 8000),
      'table.csv': 'a,b\n1,2\n',
      'none.swf': '1 2 3\n',
      'cut.json': '{"format": "stowage-pre',
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function stowage(...words: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BUILT, ...words], {
      cwd: directory,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }

  it('evaluate prints every predictor as JSON, and nothing else, on standard output', () => {
    const { status, stdout, stderr } = stowage('evaluate', '--history', 'log.swf.gz', '--json', '--pretrained-only');
    assert.equal(status, 0, stderr);
    const report = JSON.parse(stdout) as Record<string, unknown> & {
      predictors: Record<string, Record<string, unknown>>;
    };
    assert.deepEqual([report['log'], report['jobs'], report['scored'], report['leftOut']], ['log.swf.gz', 28, 23, 2]);
    assert.deepEqual(Object.keys(report.predictors), ['request', 'last2', 'med5', 'med20', 'hist20', 'stowage']);
    for (const key of ['mae', 'medianAe', 'avgPred', 'underFraction', 'r2', 'absLog']) {
      for (const [name, metrics] of Object.entries(report.predictors))
        assert.equal(typeof metrics[key], 'number', name);
    }
    for (const key of ['coverage80', 'width80', 'pinball10', 'pinball50', 'pinball90']) {
      assert.equal(typeof report.predictors['stowage']![key], 'number');
      assert.equal(typeof report.predictors['hist20']![key], 'number');
    }
    assert.match(stderr, /left out line 4: its runtime is 0 s/);
    assert.match(stderr, /left out line 5: it has 1 fields/);
  });

  it('train writes a predictor, and goes on with it', () => {
    const first = stowage('train', '--history', 'log.swf.gz', '--out', 'predictor.json');
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /Learned from 28 finished tasks/);
    assert.match(first.stdout, /28 finished tasks are too few to judge; the baselines stay in use/);
    assert.match(first.stdout, /Left out 1 row: no runtime: it never ran/);
    const before = readFileSync(join(directory, 'predictor.json'), 'utf8');
    const second = stowage('train', '--history', 'log.swf.gz', '--out', 'predictor.json', '--update');
    assert.equal(second.status, 0, second.stderr);
    assert.equal(readFileSync(join(directory, 'predictor.json'), 'utf8'), before);
  });

  it('keeps a predictor from files for no cluster, and a plan names it until it is told to use it', () => {
    writeFileSync(join(directory, 'long.swf'), logOf(120));
    const trained = stowage('train', '--history', 'long.swf');
    assert.match(trained.stdout, /Written to .*\/\.stowage\/predictor\.json, /);
    assert.match(trained.stdout, /It is of no cluster yet: .* --predictor \.stowage\/predictor\.json" uses it/);
    const plain = stowage('plan', '--cluster', 'sample');
    const learned = 'trained on 118 finished tasks, up to 1970-01-01'; // two of 120 rows are left out
    assert.equal(
      plain.stderr,
      `.stowage/predictor.json has a predictor that was ${learned}. It is not one of sample seed 7, so the baselines predict. To use it: --predictor .stowage/predictor.json\n`,
    );
    assert.match(plain.stdout, /runtimes: baselines, from [\d,]+ finished tasks/);
    const named = stowage('plan', '--cluster', 'sample', '--predictor', '.stowage/predictor.json');
    assert.equal(named.stderr, '');
    assert.ok(named.stdout.includes(`runtimes: ${learned}`), named.stdout.slice(0, 300));
  });

  const mistakes: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
    'a missing file': [['evaluate', '--history', 'gone.swf'], /Cannot read gone\.swf/],
    'no history': [['evaluate'], /Add --history FILE/],
    'a foreign file': [['train', '--history', 'notes.txt'], /no history that Stowage knows.*--columns/],
    'a file that is no gzip': [['evaluate', '--history', 'false.swf.gz'], /Cannot read false\.swf\.gz/],
    'a cut off gzip': [['evaluate', '--history', 'cut.swf.gz'], /Cannot read cut\.swf\.gz.*complete/],
    'a wrong column map': [['evaluate', '--history', 'table.csv', '--columns', 'submit=a,end=z'], /no column "z"/],
    'nothing usable': [
      ['evaluate', '--history', 'none.swf'],
      /no usable row: all 1 were left out, the first at line 1/,
    ],
    'a seed that is none': [['evaluate', '--history', 'log.swf.gz', '--seed', 'x'], /not a whole number/],
    'an unknown option': [['train', '--hystory', 'x'], /See: stowage train --help/],
    'nothing to go on with': [
      ['train', '--history', 'log.swf.gz', '--out', 'none.json', '--update'],
      /There is no predictor/,
    ],
    'a predictor that is cut off': [
      ['train', '--history', 'log.swf.gz', '--out', 'cut.json', '--update'],
      /cut off or no JSON/,
    ],
  };
  for (const [name, [words, message]] of Object.entries(mistakes)) {
    it(`say one clear text on ${name}`, () => {
      const { status, stdout, stderr } = stowage(...words);
      assert.equal(status, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack');
    });
  }
});
