import { CONTEXT_INPUTS, type FeatureStore, PAIR_FEATURES, SLOTS } from './features.ts';

/**
 * The runtime network: attention over past runs (own design; figures in bench/notes/predict.md). An encoder reads the
 * context. A shared head reads (this submit, that run) for each slot and gives a logit for each of four widths of a
 * Laplace kernel around that run's ln runtime. The same kernels stand at the limit; four free components are the
 * background. One softmax mixes all.
 */
export type Network = { readonly [tensor in TensorName]: Float32Array };

const HIDDEN_1 = 64;
const HIDDEN_2 = 48;
/** Width of the pair head. */
export const PAIR_HIDDEN = 16;
export const KERNEL_WIDTHS = [0.01, 0.05, 0.2, 0.8] as const;
const KERNELS = KERNEL_WIDTHS.length;
/** Free components: the smooth background, always the last ones. */
export const FREE = 4;
/** What the encoder tells the head: a bias of its hidden units, logits at the limit, and the background's shape. */
export const GUIDE = PAIR_HIDDEN + KERNELS + 3 * FREE;

/** Shapes by name; weights are stored row by row, inputs first. */
export const SHAPES = {
  context1: [CONTEXT_INPUTS, HIDDEN_1],
  bias1: [1, HIDDEN_1],
  context2: [HIDDEN_1, HIDDEN_2],
  bias2: [1, HIDDEN_2],
  guide: [HIDDEN_2, GUIDE],
  guideBias: [1, GUIDE],
  pair: [PAIR_FEATURES.length, PAIR_HIDDEN],
  slotHidden: [SLOTS.length, PAIR_HIDDEN],
  logits: [PAIR_HIDDEN, KERNELS],
  slotLogits: [SLOTS.length, KERNELS],
} as const;

export type TensorName = keyof typeof SHAPES;
export const TENSORS = Object.keys(SHAPES) as readonly TensorName[];
export const ENCODER = ['context1', 'bias1', 'context2', 'bias2', 'guide', 'guideBias'] as const;
export const HEAD = ['pair', 'slotHidden', 'logits', 'slotLogits'] as const;

/** Components of the mixture, in order: four kernels a slot, four at the limit, the free ones. */
export const COMPONENTS = SLOTS.length * KERNELS + KERNELS + FREE;
const AT_LIMIT = SLOTS.length * KERNELS;
const AT_FREE = AT_LIMIT + KERNELS;

/** A network of random weights (Glorot); the background starts as four components at and around the base. */
export function newNetwork(random: () => number): Network {
  const network = Object.fromEntries(
    TENSORS.map((name) => {
      const [inputs, outputs] = SHAPES[name];
      const scale = name.startsWith('bias') || name.startsWith('slot') ? 0 : Math.sqrt(6 / (inputs + outputs));
      return [name, Float32Array.from({ length: inputs * outputs }, () => scale * (2 * random() - 1))];
    }),
  ) as Network;
  network.guideBias.fill(0);
  const free = GUIDE - 3 * FREE;
  for (const [at, offset] of [0, -2, 1, 3].entries()) network.guideBias[free + FREE + at] = offset;
  return network;
}

/** The mixture of ln runtime of one row: where each component lies, how wide it is, and its weight. */
export type Mixture = {
  readonly location: Float64Array;
  readonly width: Float64Array;
  /** Sums to 1; 0 for components that are not there. */
  readonly weight: Float64Array;
};

/** Share of the mixture that stands on the run in a slot. */
export function slotWeight({ weight }: Mixture, slot: number): number {
  let sum = 0;
  for (let kernel = 0; kernel < KERNELS; kernel++) sum += weight[slot * KERNELS + kernel]!;
  return sum;
}

/** Room for one row's passage through the head; reused from row to row. */
export type HeadSpace = Mixture & {
  readonly features: Float64Array;
  readonly hidden: Float64Array;
  readonly sigmoid: Float64Array;
  readonly logit: Float64Array;
  readonly logKernel: Float64Array;
  readonly gradient: Float64Array;
};

export function makeHeadSpace(): HeadSpace {
  const width = new Float64Array(COMPONENTS);
  for (let slot = 0; slot <= SLOTS.length; slot++) width.set(KERNEL_WIDTHS, slot * KERNELS);
  return {
    location: new Float64Array(COMPONENTS),
    width,
    weight: new Float64Array(COMPONENTS),
    features: new Float64Array(SLOTS.length * PAIR_FEATURES.length),
    hidden: new Float64Array(SLOTS.length * PAIR_HIDDEN),
    sigmoid: new Float64Array(SLOTS.length * PAIR_HIDDEN),
    logit: new Float64Array(COMPONENTS),
    logKernel: new Float64Array(COMPONENTS),
    gradient: new Float64Array(COMPONENTS),
  };
}

/** The head's weights in double precision, for the inner loops. */
export type HeadWeights = { readonly [tensor in (typeof HEAD)[number]]: Float64Array };

export function headWeights(network: Network): HeadWeights {
  return Object.fromEntries(HEAD.map((name) => [name, Float64Array.from(network[name])])) as HeadWeights;
}

export type PairMask = readonly number[];

/** Predicts one row: its mixture lies in `space` until the next call. */
export function predictRow(
  network: Network,
  head: HeadWeights,
  store: FeatureStore,
  row: number,
  space: HeadSpace,
): void {
  const guide = encode(network, store.contextOf(row));
  headForward({ head, store, space }, { row, guide, guideAt: 0 });
}

export const NO_MASK: PairMask = [];

function encode(network: Network, context: Float32Array): Float64Array {
  const first = dense(context, network.context1, network.bias1, true);
  const second = dense(first, network.context2, network.bias2, true);
  return dense(second, network.guide, network.guideBias, false);
}

function dense(input: ArrayLike<number>, weights: Float32Array, bias: Float32Array, activate: boolean): Float64Array {
  const outputs = bias.length;
  const sums = Float64Array.from(bias);
  for (let at = 0; at < input.length; at++) {
    const value = input[at]!;
    if (value === 0) continue;
    for (let to = 0; to < outputs; to++) sums[to]! += value * weights[at * outputs + to]!;
  }
  if (activate) for (let to = 0; to < outputs; to++) sums[to]! /= 1 + Math.exp(-sums[to]!);
  return sums;
}

/** What the head computes with: its weights, the features, and the space for one row. */
export type HeadPass = { readonly head: HeadWeights; readonly store: FeatureStore; readonly space: HeadSpace };

/** A row with the encoder's outputs: its own begin at `guideAt`. */
export type GuidedRow = { readonly row: number; readonly guide: ArrayLike<number>; readonly guideAt: number };

/**
 * Pairs through the head: fills features, hidden units, logits, and the mixture.
 * @param mask indices of pair features to hide
 */
export function headForward(
  { head, store, space }: HeadPass,
  { row, guide, guideAt }: GuidedRow,
  mask: PairMask = NO_MASK,
): void {
  const { pair, slotHidden, logits, slotLogits } = head;
  const { features, hidden, sigmoid, logit, location, width } = space;
  const atoms = store.atomsOf(row);
  const F = PAIR_FEATURES.length;
  const H = PAIR_HIDDEN;
  for (let slot = 0; slot < SLOTS.length; slot++) {
    const atom = atoms[slot]!;
    const component = slot * KERNELS;
    if (atom < 0) {
      for (let kernel = 0; kernel < KERNELS; kernel++) logit[component + kernel] = Number.NEGATIVE_INFINITY;
      continue;
    }
    const at = slot * F;
    store.writePair(row, atom, features, at);
    for (const hide of mask) features[at + hide] = 0;
    const to = slot * H;
    for (let h = 0; h < H; h++) hidden[to + h] = guide[guideAt + h]! + slotHidden[to + h]!;
    for (let f = 0; f < F; f++) {
      const value = features[at + f]!;
      if (value === 0) continue;
      const from = f * H;
      for (let h = 0; h < H; h++) hidden[to + h]! += value * pair[from + h]!;
    }
    let [a, b, c, d] = [
      slotLogits[component]!,
      slotLogits[component + 1]!,
      slotLogits[component + 2]!,
      slotLogits[component + 3]!,
    ];
    for (let h = 0; h < H; h++) {
      const gate = 1 / (1 + Math.exp(-hidden[to + h]!));
      sigmoid[to + h] = gate;
      const value = hidden[to + h]! * gate;
      const from = h * KERNELS;
      a += value * logits[from]!;
      b += value * logits[from + 1]!;
      c += value * logits[from + 2]!;
      d += value * logits[from + 3]!;
    }
    logit[component] = a;
    logit[component + 1] = b;
    logit[component + 2] = c;
    logit[component + 3] = d;
    location.fill(store.runs.logRuntime[atom]!, component, component + KERNELS);
  }
  const limit = store.runs.logRequest[row]!;
  const from = guideAt + H;
  for (let kernel = 0; kernel < KERNELS; kernel++) {
    logit[AT_LIMIT + kernel] = Number.isNaN(limit) ? Number.NEGATIVE_INFINITY : guide[from + kernel]!;
    location[AT_LIMIT + kernel] = Number.isNaN(limit) ? 0 : limit;
  }
  const base = store.baseOf(row);
  for (let free = 0; free < FREE; free++) {
    logit[AT_FREE + free] = guide[from + KERNELS + free]!;
    location[AT_FREE + free] = base + guide[from + KERNELS + FREE + free]!;
    width[AT_FREE + free] = Math.exp(bounded(guide[from + KERNELS + 2 * FREE + free]!));
  }
  softmax(logit, space.weight);
}

const [NARROWEST, WIDEST] = [-3, 2.5];

function bounded(logWidth: number): number {
  return Math.max(NARROWEST, Math.min(WIDEST, logWidth));
}

function softmax(logit: Float64Array, into: Float64Array): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < COMPONENTS; at++) if (logit[at]! > most) most = logit[at]!;
  let sum = 0;
  for (let at = 0; at < COMPONENTS; at++) {
    const value = Math.exp(logit[at]! - most);
    into[at] = value;
    sum += value;
  }
  for (let at = 0; at < COMPONENTS; at++) into[at]! /= sum;
}

/** Gradients of the head's weights, summed over rows. */
export type HeadGradients = { readonly [tensor in (typeof HEAD)[number]]: Float64Array };

export function makeHeadGradients(): HeadGradients {
  return Object.fromEntries(
    HEAD.map((name) => [name, new Float64Array(SHAPES[name][0] * SHAPES[name][1])]),
  ) as HeadGradients;
}

/** Bounds of one row's loss: beyond them it no longer pulls. */
const [LEAST_LOSS, MOST_LOSS] = [-6, 12];

/** How a run came out: ln of its runtime where it has ended, else of its age so far. */
export type RunOutcome = { readonly target: number; readonly ended: boolean };

/** Where gradients go: those of the head's weights are added up, those of the row's guide written at `guideAt`. */
export type GradientSink = { readonly gradients: HeadGradients; readonly guideGradient: Float32Array };

/**
 * Loss of the row in `pass.space` (after `headForward`) and its gradients: negative log density of ln runtime where the
 * run has ended, −ln P(runtime > age) where it still runs.
 */
export function headGradient(pass: HeadPass, at: GuidedRow, outcome: RunOutcome, into: GradientSink): number {
  const { space } = pass;
  const { guideGradient } = into;
  const { guideAt } = at;
  const { loss, sum } = mixtureLoss(space, outcome);
  guideGradient.fill(0, guideAt, guideAt + GUIDE);
  if (!(loss > LEAST_LOSS && loss < MOST_LOSS)) return Math.max(LEAST_LOSS, Math.min(MOST_LOSS, loss));
  freeGradient(space, at, outcome, sum, guideGradient);
  const { gradient, weight } = space;
  for (let component = 0; component < COMPONENTS; component++)
    gradient[component] = weight[component]! - gradient[component]! / sum;
  const from = guideAt + PAIR_HIDDEN;
  for (let kernel = 0; kernel < KERNELS; kernel++) guideGradient[from + kernel] = gradient[AT_LIMIT + kernel]!;
  for (let free = 0; free < FREE; free++) guideGradient[from + KERNELS + free] = gradient[AT_FREE + free]!;
  pairGradient(pass, at, into);
  return loss;
}

/** Fills `logKernel`, and `gradient` with each component's part of the likelihood; these parts add up to `sum`. */
function mixtureLoss(space: HeadSpace, { target, ended }: RunOutcome): { readonly loss: number; readonly sum: number } {
  const { weight, location, width, logKernel, gradient } = space;
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < COMPONENTS; at++) {
    if (weight[at] === 0) {
      logKernel[at] = Number.NEGATIVE_INFINITY;
      continue;
    }
    const distance = (target - location[at]!) / width[at]!;
    const kernel = ended
      ? -Math.abs(distance) - Math.log(2 * width[at]!)
      : distance >= 0
        ? -distance - Math.LN2
        : Math.log1p(-0.5 * Math.exp(distance));
    logKernel[at] = kernel + Math.log(weight[at]!);
    if (logKernel[at]! > most) most = logKernel[at]!;
  }
  let sum = 0;
  for (let at = 0; at < COMPONENTS; at++) {
    gradient[at] = Math.exp(logKernel[at]! - most);
    sum += gradient[at]!;
  }
  return { loss: -(most + Math.log(sum)), sum };
}

/** Of the free components' locations and widths. */
function freeGradient(
  { gradient, location, width }: HeadSpace,
  { guide, guideAt }: GuidedRow,
  { target, ended }: RunOutcome,
  sum: number,
  guideGradient: Float32Array,
): void {
  const from = guideAt + PAIR_HIDDEN + KERNELS;
  for (let free = 0; free < FREE; free++) {
    const at = AT_FREE + free;
    const share = gradient[at]! / sum;
    const distance = (target - location[at]!) / width[at]!;
    const logWidth = guide[from + 2 * FREE + free]!;
    // d ln kernel / d location × width, and d ln kernel / d ln width.
    const tail = 0.5 * Math.exp(-Math.abs(distance));
    const pull = ended ? Math.sign(distance) : distance >= 0 ? 1 : tail / (1 - tail);
    const stretch = ended ? Math.abs(distance) - 1 : distance * pull;
    guideGradient[from + FREE + free] = (-share * pull) / width[at]!;
    if (logWidth > NARROWEST && logWidth < WIDEST) guideGradient[from + 2 * FREE + free] = -share * stretch;
  }
}

/** Of the pair head, from `gradient` by component; `hidden` then holds the gradient of its own input. */
function pairGradient(
  { head, store, space }: HeadPass,
  { row, guideAt }: GuidedRow,
  { gradients, guideGradient }: GradientSink,
): void {
  const { features, hidden, sigmoid, gradient } = space;
  const atoms = store.atomsOf(row);
  const F = PAIR_FEATURES.length;
  const H = PAIR_HIDDEN;
  for (let slot = 0; slot < SLOTS.length; slot++) {
    if (atoms[slot]! < 0) continue;
    const component = slot * KERNELS;
    const [a, b, c, d] = [
      gradient[component]!,
      gradient[component + 1]!,
      gradient[component + 2]!,
      gradient[component + 3]!,
    ];
    gradients.slotLogits[component]! += a;
    gradients.slotLogits[component + 1]! += b;
    gradients.slotLogits[component + 2]! += c;
    gradients.slotLogits[component + 3]! += d;
    const to = slot * H;
    for (let h = 0; h < H; h++) {
      const gate = sigmoid[to + h]!;
      const value = hidden[to + h]!;
      const out = h * KERNELS;
      const passed = value * gate;
      gradients.logits[out]! += passed * a;
      gradients.logits[out + 1]! += passed * b;
      gradients.logits[out + 2]! += passed * c;
      gradients.logits[out + 3]! += passed * d;
      const down =
        a * head.logits[out]! + b * head.logits[out + 1]! + c * head.logits[out + 2]! + d * head.logits[out + 3]!;
      const back = down * gate * (1 + value * (1 - gate));
      hidden[to + h] = back;
      gradients.slotHidden[to + h]! += back;
      guideGradient[guideAt + h]! += back;
    }
    const at = slot * F;
    const { pair } = gradients;
    for (let f = 0; f < F; f++) {
      const value = features[at + f]!;
      if (value === 0) continue;
      const from = f * H;
      for (let h = 0; h < H; h++) pair[from + h]! += value * hidden[to + h]!;
    }
  }
}
