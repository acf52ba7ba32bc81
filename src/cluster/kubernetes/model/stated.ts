import type { StatedAmounts, StatedPart } from '../../../core/model/stated.ts';
import type { Pod, Quantities, ResourceList } from '../api/objects.ts';

/** What a pod's spec states of CPU and memory: its containers in their order, init containers, its own level. */
export function statedParts({ spec = {} }: Pod): StatedPart[] {
  const { containers = [], initContainers = [], resources } = spec;
  const parts = [...containers, ...initContainers].map(({ name = '', resources }) => ({ name, ...stated(resources) }));
  return resources ? [...parts, stated(resources)] : parts;
}

function stated({ requests, limits }: ResourceList = {}): Omit<StatedPart, 'name'> {
  return { ...(requests && { requests: amounts(requests) }), ...(limits && { limits: amounts(limits) }) };
}

function amounts({ cpu, memory }: Quantities): StatedAmounts {
  return { ...(cpu !== undefined && { cpu: String(cpu) }), ...(memory !== undefined && { memory: String(memory) }) };
}
