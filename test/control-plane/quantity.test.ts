import assert from 'node:assert/strict';
import fc from 'fast-check';
import { before, describe, it } from 'mocha';
import { milliValue, parseQuantity, wholeValue } from '../../src/cluster/kubernetes/api/quantity.ts';
import { requireCluster } from './availability.ts';
import { buildCluster } from './build.ts';
import { type Amount, upstreamQuantities } from './upstream.ts';

const SEED = 20261123;
const SUFFIXES = [
  '',
  'n',
  'u',
  'm',
  'k',
  'M',
  'G',
  'T',
  'P',
  'E',
  'Ki',
  'Mi',
  'Gi',
  'Ti',
  'Pi',
  'Ei',
  'e3',
  'E-6',
  'e+2',
  'e',
  'i',
  'mm',
  'K',
];
const digits = fc.array(fc.constantFrom(...'0123456789'), { maxLength: 22 }).map((list) => list.join(''));
const written = fc
  .tuple(fc.constantFrom('', '', '', '+', '-'), digits, fc.option(digits), fc.constantFrom(...SUFFIXES))
  .map(([sign, whole, fraction, suffix]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${suffix}`);
const exponents = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), fc.constantFrom('e', 'E'), fc.integer({ min: -40, max: 40 }))
  .map(([number, letter, exponent]) => `${number}${letter}${exponent}`);
const scribbled = fc
  .array(fc.constantFrom(...'+-..00123456789eEinumkKMGTP _x'), { minLength: 1, maxLength: 10 })
  .map((list) => list.join(''));

describe('quantities beside apimachinery', () => {
  before(async function () {
    requireCluster(this);
    await buildCluster();
  });

  it('reads 60,000 random texts as upstream does: the same are refused, and every amount is the same', async () => {
    const texts = [written, exponents, scribbled].flatMap((arbitrary) =>
      fc.sample(arbitrary, { seed: SEED, numRuns: 20_000 }),
    );
    const answers = await upstreamQuantities(texts);
    let amounts = 0;
    const different = texts.flatMap((text, index) => {
      const answer = answers[index]!;
      const ours = parseQuantity(text);
      if ('error' in answer) return ours === undefined ? [] : [`${text}: upstream ${answer.error}, ours ${ours}`];
      if (ours === undefined) return [`${text}: upstream ${JSON.stringify(answer)}, ours none`];
      if (ours < 0n) return []; // no request and no node has less than nothing; such amounts are refused as problems
      amounts += 1;
      return [
        ...compare(text, 'milli', ours * 1000n, milliValue(ours), answer),
        ...compare(text, 'value', ours, wholeValue(ours), answer),
      ];
    });
    assert.deepEqual(different.slice(0, 20), []);
    assert.ok(amounts > 20_000, `only ${amounts} texts were amounts`);
  });
});

/** Where an amount is beyond 64 bits upstream's own overflows; ours ends at the largest safe integer from 2^53 on. */
function compare(text: string, unit: keyof Amount, nano: bigint, ours: number, answer: Amount): string[] {
  const exact = (nano + 999_999_999n) / 1_000_000_000n;
  if (exact > 2n ** 63n - 1n) return [];
  const upstream = BigInt(answer[unit]);
  const expected = upstream > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(upstream);
  return expected === ours ? [] : [`${text}: ${unit} upstream ${upstream}, ours ${ours}`];
}
