import { InputError } from '../model/input.ts';
import { isRecord } from '../model/isRecord.ts';
import { hasFields, isListOf, isNumber, isText } from '../model/shape.ts';
import { PAIR_FEATURES, SLOTS } from './features.ts';
import { type Network, SHAPES, TENSORS } from './network.ts';

/** Weights with where they come from, as plain JSON. */
export type NetworkFile = { readonly network: Network; readonly card: NetworkCard };

/** What a pretrained network was made from. */
export type NetworkCard = {
  readonly title: string;
  /** Each log it has seen: its name, digest (see `historyDigest`) and rows. */
  readonly logs: readonly { readonly name: string; readonly digest: string; readonly rows: number }[];
  readonly notes: readonly string[];
};

const FORMAT = 'stowage-network';
/** Raised whenever features, slots or shapes change their meaning. */
const NETWORK_VERSION = 1;

/** Weights and card as plain JSON data; 32-bit floats in base64. */
export function networkJson({ network, card }: NetworkFile): object {
  const tensors = Object.fromEntries(TENSORS.map((name) => [name, encodeFloats(network[name])]));
  return { format: FORMAT, version: NETWORK_VERSION, inputs: inputNames(), card, tensors };
}

/**
 * @param value what `JSON.parse` gave
 * @param name the file, for the message
 * @throws InputError when it is foreign, of another version or other features, or cut off
 */
export function parseNetwork(value: unknown, name: string): NetworkFile {
  const retrain = 'Train again with this version.';
  if (!isRecord(value) || value['format'] !== FORMAT) {
    throw new InputError(`${name} is not a network of Stowage. Name a file that was written by "stowage train".`);
  }
  if (value['version'] !== NETWORK_VERSION) {
    throw new InputError(
      `${name} has version ${String(value['version'])}; this Stowage reads ${NETWORK_VERSION}. ${retrain}`,
    );
  }
  if (JSON.stringify(value['inputs']) !== JSON.stringify(inputNames())) {
    throw new InputError(`${name} was trained on other features. ${retrain}`);
  }
  const { tensors, card } = value;
  if (!isRecord(tensors) || !isNetworkCard(card)) throw new InputError(`${name} is incomplete. ${retrain}`);
  const network = Object.fromEntries(
    TENSORS.map((tensor) => [tensor, decodeFloats(tensors[tensor], SHAPES[tensor][0] * SHAPES[tensor][1], name)]),
  );
  return { network: network as Network, card: card as NetworkCard };
}

/** The shape of a network's card. */
export const isNetworkCard = hasFields({
  title: isText,
  logs: isListOf(hasFields({ name: isText, digest: isText, rows: isNumber })),
  notes: isListOf(isText),
});

function inputNames(): readonly string[] {
  return [...PAIR_FEATURES, ...SLOTS.map(({ grouping, rank }) => `${grouping}:${rank}`)];
}

function encodeFloats(values: Float32Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function decodeFloats(text: unknown, count: number, name: string): Float32Array {
  const broken = new InputError(`${name} is damaged: its weights are cut off or no numbers. Train again.`);
  if (typeof text !== 'string') throw broken;
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw broken;
  }
  if (binary.length !== count * 4) throw broken;
  const values = new Float32Array(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)).buffer);
  if (!values.every(Number.isFinite)) throw broken;
  return values;
}
