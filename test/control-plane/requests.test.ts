import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { before, describe, it } from 'mocha';
import type { Pod } from '../../src/cluster/kubernetes/api/objects.ts';
import { milliValue, wholeValue } from '../../src/cluster/kubernetes/api/quantity.ts';
import { type Figures, podRequests } from '../../src/cluster/kubernetes/model/requests.ts';
import { requireCluster } from './availability.ts';
import { buildCluster } from './build.ts';
import { upstreamRequests } from './upstream.ts';

const SEED = 20261123;

describe('effective requests beside component-helpers', () => {
  before(async function () {
    requireCluster(this);
    await buildCluster();
  });

  it('finds what the scheduler holds for 5,000 random pods, amount by amount', async () => {
    const pods = fc.sample(pod, { seed: SEED, numRuns: 5000 }) as Pod[];
    const answers = await upstreamRequests(pods);
    const different = pods.flatMap((one, index) => {
      const [ours, upstream] = [amountsOf(one, 'held'), answers[index]!];
      return isDeepStrictEqual(ours, upstream) ? [] : [{ one, ours, upstream }];
    });
    assert.equal(different.length, 0, JSON.stringify(different[0], undefined, 1));
    const resized = pods.filter((one) => !isDeepStrictEqual(amountsOf(one, 'held'), amountsOf(one, 'spec'))).length;
    assert.ok(resized > 500, `only ${resized} pods hold something other than their spec`);
  });
});

const cpu = fc.constantFrom('0', '100m', '1', '1500m', '0.1', '2500u', '3', '250m', '1e0');
const memory = fc.constantFrom('0', '64Mi', '1Gi', '1.5Gi', '1500M', '100m', '1e9', '128974848', '0.5Gi');
const devices = fc.constantFrom('0', '1', '2', '8');
const amounts = fc.record(
  {
    cpu,
    memory,
    'nvidia.com/gpu': devices,
    'hugepages-2Mi': fc.constantFrom('2Mi', '64Mi'),
    'ephemeral-storage': memory,
  },
  { requiredKeys: [] },
);
const resizable = fc.record({ cpu, memory }, { requiredKeys: [] });
const container = fc.record({ requests: fc.option(amounts, { nil: undefined }), sidecar: fc.boolean() });
const status = fc.record(
  { resources: fc.record({ requests: resizable }, { requiredKeys: [] }), allocatedResources: resizable },
  { requiredKeys: [] },
);

const pod = fc
  .record({
    containers: fc.array(container, { minLength: 1, maxLength: 4 }),
    initContainers: fc.array(container, { maxLength: 4 }),
    overhead: fc.option(fc.record({ cpu, memory }, { requiredKeys: [] }), { nil: undefined }),
    podLevel: fc.option(fc.record({ requests: amounts }, { requiredKeys: [] }), { nil: undefined, freq: 4 }),
    statuses: fc.array(fc.option(status, { nil: undefined }), { minLength: 8, maxLength: 8 }),
    podStatus: fc.option(
      fc.record(
        { resources: fc.record({ requests: resizable }, { requiredKeys: [] }), allocatedResources: resizable },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    ),
    pending: fc.constantFrom(undefined, undefined, 'Deferred', 'Infeasible'),
  })
  .map(({ containers, initContainers, overhead, podLevel, statuses, podStatus, pending }) => {
    const named = (prefix: string, list: typeof containers) =>
      list.map(({ requests, sidecar }, index) => ({
        name: `${prefix}${index}`,
        resources: requests ? { requests } : {},
        ...(prefix === 'init' && sidecar ? { restartPolicy: 'Always' } : {}),
      }));
    const reported = (prefix: string, from: number, count: number) =>
      statuses.slice(from, from + count).flatMap((one, index) => (one ? [{ name: `${prefix}${index}`, ...one }] : []));
    return {
      spec: {
        containers: named('main', containers),
        initContainers: named('init', initContainers),
        ...(overhead ? { overhead } : {}),
        ...(podLevel ? { resources: podLevel } : {}),
      },
      status: {
        ...podStatus,
        containerStatuses: reported('main', 0, containers.length),
        initContainerStatuses: reported('init', 4, initContainers.length),
        conditions: pending ? [{ type: 'PodResizePending', status: 'True', reason: pending }] : [],
      },
    };
  });

function amountsOf(one: Pod, figures: Figures): object {
  return Object.fromEntries(
    [...podRequests(one, figures)].map(([name, amount]) => [
      name,
      { milli: String(milliValue(amount)), value: String(wholeValue(amount)) },
    ]),
  );
}
