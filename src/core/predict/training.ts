import type * as TensorFlow from '@tensorflow/tfjs-core';
import { CONTEXT_INPUTS, type FeatureStore, FIRST_LOCAL_INPUT, PAIR_FEATURES } from './features.ts';
import {
  ENCODER,
  GUIDE,
  type HeadGradients,
  headForward,
  headGradient,
  headWeights,
  makeHeadGradients,
  makeHeadSpace,
  type Network,
  NO_MASK,
  type PairMask,
  SHAPES,
  TENSORS,
  type TensorName,
} from './network.ts';

/** TensorFlow.js with a backend that is ready; handed in so that the core stays free of engines. */
export type Engine = typeof TensorFlow;

export type TrainingOptions = {
  /** Share of context inputs dropped at random; the pairs are never dropped. */
  readonly dropout?: number;
  /** Hides what differs from log to log, and the limit in a quarter of the rows. */
  readonly pretraining?: boolean;
};

/** One training example: a row of the store, its ln runtime, or ln age where it still runs. */
export type Example = { readonly row: number; readonly target: number; readonly ended: boolean };

export type Trainer = {
  /** One step of Adam on a batch; returns the mean loss. */
  step(store: FeatureStore, batch: readonly Example[], learningRate: number): number;
  /** The weights as they are now: a live view. */
  readonly network: Network;
};

/** Pair features whose meaning differs from log to log. */
export const MASKED_IN_PRETRAINING = ['sameName', 'sameQueue'] as const;

const BATCH = 512;
const GRADIENT_NORM = 2;
const WEIGHT_DECAY = 0.1;
const [MOMENTUM, SPREAD_MEMORY, EPSILON] = [0.9, 0.995, 1e-8];

/**
 * Trains a network in place. The context encoder is differentiated by TensorFlow.js; the pair head is one custom
 * operation with its own gradient, because its many small tensors cost more to dispatch than to compute.
 */
export function makeTrainer(
  tf: Engine,
  network: Network,
  random: () => number,
  options: TrainingOptions = {},
): Trainer {
  const { dropout = 0.5, pretraining = false } = options;
  const mask: PairMask = pretraining ? MASKED_IN_PRETRAINING.map((name) => PAIR_FEATURES.indexOf(name)) : NO_MASK;
  const space = makeHeadSpace();
  const adam = makeAdam(network);
  return {
    network,
    step(store, batch, learningRate) {
      const pass = { head: headWeights(network), store, space };
      const gradients = makeHeadGradients();
      const inputs = contextInputs(store, batch, dropout, pretraining, random);
      const { loss, encoder } = encoderGradients(tf, network, inputs, batch.length, (guide) => {
        const guideGradient = new Float32Array(guide.length);
        let sum = 0;
        for (const [at, { row, ...outcome }] of batch.entries()) {
          const guided = { row, guide, guideAt: at * GUIDE };
          headForward(pass, guided, mask);
          sum += headGradient(pass, guided, outcome, { gradients, guideGradient });
        }
        return { loss: sum, guideGradient };
      });
      adam.step({ ...encoder, ...gradients }, batch.length, learningRate);
      return loss / batch.length;
    },
  };
}

function contextInputs(
  store: FeatureStore,
  batch: readonly Example[],
  dropout: number,
  pretraining: boolean,
  random: () => number,
): Float32Array {
  const inputs = new Float32Array(batch.length * CONTEXT_INPUTS);
  const shown = pretraining ? FIRST_LOCAL_INPUT : CONTEXT_INPUTS;
  for (const [at, { row }] of batch.entries()) {
    const context = store.contextOf(row);
    for (let input = 0; input < shown; input++) {
      if (dropout === 0 || random() >= dropout) inputs[at * CONTEXT_INPUTS + input] = context[input]! / (1 - dropout);
    }
  }
  return inputs;
}

type EncoderGradients = { readonly [tensor in (typeof ENCODER)[number]]: Float32Array };

function encoderGradients(
  tf: Engine,
  network: Network,
  inputs: Float32Array,
  rows: number,
  headOf: (guide: Float32Array) => { loss: number; guideGradient: Float32Array },
): { loss: number; encoder: EncoderGradients } {
  // The result leaves by this door: a value that `tidy` returns is searched for tensors, number by number.
  let result: { loss: number; encoder: EncoderGradients } | undefined;
  tf.tidy(() => {
    const context = tf.tensor2d(inputs, [rows, CONTEXT_INPUTS]);
    const weights = ENCODER.map((name) => tf.tensor2d(network[name], [...SHAPES[name]]));
    const dense = denseLayer(tf);
    const head = tf.customGrad((guide) => {
      const { loss, guideGradient } = headOf((guide as TensorFlow.Tensor).dataSync() as Float32Array);
      return {
        value: tf.scalar(loss),
        gradFunc: () => tf.tensor2d(guideGradient, [rows, GUIDE]),
      };
    });
    const silu = (input: TensorFlow.Tensor) => tf.mul(input, tf.sigmoid(input));
    const { value, grads } = tf.valueAndGrads((...tensors: TensorFlow.Tensor[]) => {
      const [context1, bias1, context2, bias2, guide, guideBias] = tensors as [
        TensorFlow.Tensor,
        TensorFlow.Tensor,
        TensorFlow.Tensor,
        TensorFlow.Tensor,
        TensorFlow.Tensor,
        TensorFlow.Tensor,
      ];
      const first = silu(tf.add(dense(context, context1), bias1));
      const second = silu(tf.add(dense(first, context2), bias2));
      return head(tf.add(dense(second, guide), guideBias)) as TensorFlow.Scalar;
    })(weights);
    const encoder = Object.fromEntries(ENCODER.map((name, at) => [name, grads[at]!.dataSync().slice()]));
    result = { loss: value.dataSync()[0]!, encoder: encoder as EncoderGradients };
  });
  return result!;
}

/** Matrix product whose gradient transposes first: the wasm backend multiplies transposed operands ten times slower. */
function denseLayer(tf: Engine): (input: TensorFlow.Tensor, weights: TensorFlow.Tensor) => TensorFlow.Tensor {
  return tf.customGrad((input, weights, save) => {
    const [left, right] = [input as TensorFlow.Tensor, weights as TensorFlow.Tensor];
    (save as TensorFlow.GradSaveFunc)([left, right]);
    return {
      value: tf.matMul(left, right),
      gradFunc: (gradient: TensorFlow.Tensor, saved: TensorFlow.Tensor[]) => [
        tf.matMul(gradient, tf.transpose(saved[1]!)),
        tf.matMul(tf.transpose(saved[0]!), gradient),
      ],
    };
  }) as (input: TensorFlow.Tensor, weights: TensorFlow.Tensor) => TensorFlow.Tensor;
}

/** Adam with decoupled weight decay and a bound on the gradient's norm (Loshchilov & Hutter 2019). */
function makeAdam(network: Network) {
  const moments = Object.fromEntries(
    TENSORS.map((name) => [
      name,
      { mean: new Float64Array(network[name].length), square: new Float64Array(network[name].length) },
    ]),
  ) as Record<TensorName, { mean: Float64Array; square: Float64Array }>;
  let steps = 0;
  return {
    step(gradients: EncoderGradients & HeadGradients, rows: number, learningRate: number): void {
      steps += 1;
      let squares = 0;
      for (const name of TENSORS) for (const value of gradients[name]) squares += (value / rows) ** 2;
      if (!Number.isFinite(squares)) return;
      const scale = Math.min(1, GRADIENT_NORM / Math.sqrt(squares || 1)) / rows;
      const meanBias = 1 - MOMENTUM ** steps;
      const squareBias = 1 - SPREAD_MEMORY ** steps;
      for (const name of TENSORS) {
        const [weights, gradient, { mean, square }] = [network[name], gradients[name], moments[name]];
        const decay = name.startsWith('bias') || name === 'guideBias' ? 1 : 1 - learningRate * WEIGHT_DECAY;
        for (let at = 0; at < weights.length; at++) {
          const slope = gradient[at]! * scale;
          mean[at] = MOMENTUM * mean[at]! + (1 - MOMENTUM) * slope;
          square[at] = SPREAD_MEMORY * square[at]! + (1 - SPREAD_MEMORY) * slope * slope;
          const step = mean[at]! / meanBias / (Math.sqrt(square[at]! / squareBias) + EPSILON);
          weights[at] = weights[at]! * decay - learningRate * step;
        }
      }
    },
  };
}

/** Where examples come from: rows in the order they started, with what is known of them at one moment. */
export type ExamplePool = { readonly started: readonly number[]; readonly nowSeconds: number };

/** Draws a batch: uniformly over the latest 200,000 started runs, or half of it from the `newest` ones. */
export function drawBatch(
  store: FeatureStore,
  pool: ExamplePool,
  random: () => number,
  newest?: number,
): readonly Example[] {
  const { runs } = store;
  const count = pool.started.length;
  const reach = Math.min(count, 200_000, Math.floor(store.capacity * 0.9));
  return Array.from({ length: BATCH }, (_, at) => {
    const span = newest !== undefined && at % 2 === 1 ? Math.min(reach, newest) : reach;
    const row = pool.started[count - 1 - Math.floor(random() * span)]!;
    const ended = runs.end[row]! <= pool.nowSeconds;
    const age = Math.max(1, pool.nowSeconds - runs.start[row]!);
    return { row, target: ended ? runs.logRuntime[row]! : Math.log(age), ended };
  });
}

/** Steps of the first training and the learning rate of each: a short ramp, then a fall to 0.3 of the top. */
export function warmUpSteps(
  rows: number,
  steps = Math.max(600, Math.ceil((4 * rows) / BATCH)),
): { readonly steps: number; rate(step: number): number } {
  return { steps, rate: (step) => 3e-3 * Math.min(1, (step + 1) / 50) * (1 - (0.7 * step) / steps) };
}

/** Steps of one later block of `rows` new runs, and its constant learning rate. */
export function blockSteps(rows: number, passes = 6): { readonly steps: number; rate(): number } {
  return { steps: Math.max(5 * passes, Math.ceil((passes * rows) / BATCH)), rate: () => 9e-4 };
}
