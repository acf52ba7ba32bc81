/**
 * Why a policy gives a node its score: a code with the numbers that decide. Amounts of GPUs are in milli-GPU, `score`
 * is the policy's own. Some policies decide between nodes that another one has scored; that one's reason is `among`.
 */
export type PolicyReason =
  /** Every node is as good as another. */
  | { readonly code: 'any' }
  /** The task asks for no GPU, of which the policy judges alone. */
  | { readonly code: 'noGpu' }
  /** How far free capacity and request point the same way, 0…1; less is better. */
  | { readonly code: 'alignment'; readonly score: number; readonly cpu: number; readonly gpu: number }
  /** What would stay free, of a large node's. */
  | { readonly code: 'leftover'; readonly score: number; readonly cpuFraction: number; readonly gpuFraction: number }
  /** `gpus`: the node is empty, the task would break into whole GPUs of a node in use, or fit into GPUs in use. */
  | {
      readonly code: 'gpuPacking';
      readonly score: number;
      readonly gpus: 'empty' | 'whole' | 'inUse';
      readonly whole: number;
    }
  /** Which GPU tasks run there, with the points for that and for GPUs in use. */
  | {
      readonly code: 'clustering';
      readonly score: number;
      readonly tasks: 'sameKind' | 'mixed' | 'none' | 'otherKinds';
      readonly points: number;
      readonly fill: number;
    }
  /** How what the expected tasks cannot use changes. */
  | { readonly code: 'fragments'; readonly score: number; readonly growthMilli: number }
  /** What would be asked for of the node. */
  | {
      readonly code: 'requested';
      readonly score: number;
      readonly cpuFraction: number;
      readonly memoryFraction: number;
    }
  /** How the node's worth to expected tasks changes, and what is paid for what is scarce; costs are negative. */
  | ({ readonly code: 'worth' } & Readonly<Record<'value' | 'packing' | 'blocks' | 'cpu' | 'model', number>>)
  /** By how much the task prolongs the node's hold. */
  | { readonly code: 'hold'; readonly seconds: number; readonly among: PolicyReason }
  /** The hold, the fit of 0…100, and the reason in space where one is known. */
  | { readonly code: 'holdAndFit'; readonly seconds: number; readonly fit: number; readonly space?: PolicyReason }
  /** The lifetimes of the tasks on the node beside this one's. */
  | {
      readonly code: 'lifetimes';
      readonly tasks: 'none' | 'others' | 'same' | 'longer';
      readonly among: PolicyReason;
    };
