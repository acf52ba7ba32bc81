import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openSampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { type KeptUsage, readKeptUsage, writeKeptUsage } from '../../src/io/usageDigest.ts';

const KIND = { key: '6f4c2c5e-0000-4000-8000-000000000000', name: 'kind-demo' };
const EMPTY: KeptUsage = { digest: {}, recent: {} };
const KEPT: KeptUsage = {
  digest: {
    'default/Job/a': [0, 3600].map((hourSeconds) => ({
      hourSeconds,
      readings: 120,
      milliCpu: { p50: 100, p95: 200, max: 300 },
      memoryBytes: { p50: 1e9, p95: 2e9, max: 3e9 },
    })),
  },
  recent: {
    'default/a': {
      uid: 'u',
      atSeconds: [3600, 3630],
      fromSeconds: [3585, 3615],
      milliCpu: [90, 110],
      memoryBytes: [1, 2],
    },
  },
};

describe('what is kept of usage', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-usage-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const file = () => join(directory, 'usage', `${KIND.key}.json`);
  const damage = (text: string) => {
    mkdirSync(join(directory, 'usage'), { recursive: true });
    writeFileSync(file(), text);
  };

  it('is nothing where nothing was kept', async () => {
    assert.deepEqual(await readKeptUsage(directory, KIND), EMPTY);
  });

  it('comes back as it was, for this cluster alone, and leaves no draft', async () => {
    await writeKeptUsage(directory, KIND, KEPT);
    assert.deepEqual(await readKeptUsage(directory, KIND), KEPT);
    assert.deepEqual(await readKeptUsage(directory, { key: 'sample-7', name: 'x' }), EMPTY);
    assert.deepEqual(readdirSync(join(directory, 'usage')), [`${KIND.key}.json`]);
  });

  it('is that of all who write, at once or one after the other', async () => {
    const { 'default/Job/a': hours = [] } = KEPT.digest;
    const names = Array.from({ length: 12 }, (_, at) => `default/Job/${at}`);
    await Promise.all(names.map((name) => writeKeptUsage(directory, KIND, { digest: { [name]: hours }, recent: {} })));
    assert.deepEqual(Object.keys((await readKeptUsage(directory, KIND)).digest).sort(), names.sort());
    // of an hour that both have: what was read more often; of readings: the longer row of the same task
    const more = [{ ...hours[1]!, readings: 500 }];
    const row = KEPT.recent['default/a']!;
    const short = { uid: 'u', atSeconds: [3630], fromSeconds: [3600], milliCpu: [1], memoryBytes: [1] };
    await writeKeptUsage(directory, KIND, { digest: { [names[0]!]: more }, recent: { 'default/a': row } });
    await writeKeptUsage(directory, KIND, { digest: { [names[0]!]: hours }, recent: { 'default/a': short } });
    const kept = await readKeptUsage(directory, KIND);
    assert.deepEqual(kept.digest[names[0]!], [hours[0], more[0]]);
    assert.deepEqual(kept.recent, { 'default/a': row });
  });

  it('forgets the readings of tasks that are long gone', async () => {
    await writeKeptUsage(directory, KIND, KEPT);
    const late = { uid: 'v', atSeconds: [9000], fromSeconds: [8990], milliCpu: [1], memoryBytes: [1] };
    await writeKeptUsage(directory, KIND, { digest: {}, recent: { 'default/b': late } });
    assert.deepEqual((await readKeptUsage(directory, KIND)).recent, { 'default/b': late });
  });

  it('is nothing where the file is cut off, foreign or of another format', async () => {
    for (const text of ['{"format": "stow', '[]', '{}', '{"format":"stowage-usage-9","owners":{},"recent":{}}']) {
      damage(text);
      assert.deepEqual(await readKeptUsage(directory, KIND), EMPTY, text);
    }
  });

  it('is what is sound where a part is damaged', async () => {
    await writeKeptUsage(directory, KIND, KEPT);
    const value = JSON.parse(readFileSync(file(), 'utf8'));
    value.owners['default/Job/b'] = [[0, 1, 2]];
    value.owners['default/Job/c'] = [[0, 1, 2, 3, 4, 5, 6, 'seven']];
    value.recent['default/b'] = { ...value.recent['default/a'], milliCpu: [1] };
    value.recent['default/c'] = { ...value.recent['default/a'], uid: 7 };
    damage(JSON.stringify(value));
    assert.deepEqual(await readKeptUsage(directory, KIND), KEPT);
  });

  it('of the sample cluster begins with three days', async () => {
    const cluster = await openSampleCluster({ seed: 7, directory });
    const { digest } = await readKeptUsage(directory, cluster.identity);
    const { tasks } = await cluster.readSnapshot();
    const hours = Object.values(digest).flat();
    const span = hours.map(({ hourSeconds }) => (cluster.nowSeconds() - hourSeconds) / 3600);
    assert.equal(Math.max(...span), 72);
    assert.equal(new Set(span).size, 73); // each full hour of three days, and the one that begins now
    for (const { readings, milliCpu, memoryBytes } of hours) {
      assert.ok(readings > 0 && milliCpu.p50 <= milliCpu.p95 && milliCpu.p95 <= milliCpu.max);
      assert.ok(memoryBytes.p50 > 0 && memoryBytes.p95 <= memoryBytes.max);
    }
    // a service that has run all the time is known in each hour
    const service = tasks.find(({ owner, endless }) => endless && owner?.kind === 'Deployment')!;
    assert.ok(
      digest[`${service.namespace}/Deployment/${service.parameters.name ?? service.owner!.name}`]!.length >= 20,
    );
    await cluster.close();
  });
});
