import { classNumber, createFleet, hold } from '../../../src/core/fleet/fleet.ts';
import type { Placed } from '../../../src/core/replay/saturatedCluster.ts';

/** So many nodes of one GPU; `put` holds a share on one of them. */
export function gpus(count: number, nodeMilliCpu = 10_000) {
  const fleet = createFleet(
    Array.from({ length: count }, (_, n) => ({ name: `n${n}`, milliCpu: nodeMilliCpu, memoryBytes: 100, gpuCount: 1 })),
  );
  const kind = (gpuMilli: number, milliCpu = 100) =>
    classNumber(fleet, { milliCpu, gpuMilli, gpuCount: 1, gpuModels: [] });
  const put = (node: number, gpuMilli: number, milliCpu?: number): Placed => {
    const number = kind(gpuMilli, milliCpu);
    const held = hold(fleet, node, number, 1, fleet.freeGpuMilli[node]!);
    return { classNumber: number, memoryBytes: 1, node, gpus: held };
  };
  return { fleet, kind, put };
}
