import { type FinishedTask, isFinishedTask } from '../model/finished.ts';
import { InputError } from '../model/input.ts';
import { isRecord } from '../model/isRecord.ts';
import { jsonText } from '../model/jsonText.ts';
import {
  hasFields,
  isCount,
  isListOf,
  isMapOf,
  isName,
  isNumber,
  isOneOf,
  isText,
  type Shape,
} from '../model/shape.ts';
import { QUANTILE_LEVELS } from './distribution.ts';
import { isNetworkCard, networkJson, parseNetwork } from './networkFile.ts';
import type { Predictor, PredictorCard } from './predictor.ts';
import type { TrackRecord } from './record.ts';

const FORMAT = 'stowage-predictor';
/** Raised whenever a part is added or changes its meaning. */
const VERSION = 2;

/** A predictor as one JSON text: model card, weights, calibration, track record, and the tasks it stands on. */
export function formatPredictor(predictor: Predictor): string {
  const { card, network, calibration, record, tasks } = predictor;
  return jsonText({
    format: FORMAT,
    version: VERSION,
    card,
    network: network
      ? networkJson({ network, card: card.pretraining ?? { title: card.weights, logs: [], notes: [] } })
      : null,
    calibration,
    record,
    tasks,
  });
}

/**
 * @param value what `JSON.parse` gave
 * @param name the file, for the message
 * @throws InputError when it is foreign, of another version or other features, damaged or cut off; says what to do
 */
export function parsePredictor(value: unknown, name: string): Predictor {
  const again = 'Make it again with: stowage train --history FILE --out predictor.json';
  if (!isRecord(value) || value['format'] !== FORMAT) {
    throw new InputError(`${name} is no predictor of Stowage. ${again}`);
  }
  if (value['version'] !== VERSION) {
    throw new InputError(
      `${name} is a predictor of version ${String(value['version'])}; this Stowage reads ${VERSION}. ${again}`,
    );
  }
  const { card, network, calibration, record, tasks } = value;
  const broken = Object.keys(PARTS).filter((part) => !PARTS[part]!(value[part]));
  if (broken.length === 0 && !fitsWeights(network, card as unknown as PredictorCard)) broken.push('network');
  if (broken.length > 0) {
    throw new InputError(`${name} is damaged: a part of it is missing or broken (${broken.join(', ')}). ${again}`);
  }
  const wrong = (tasks as unknown[]).findIndex((task) => !isFinishedTask(task));
  if (wrong >= 0) throw new InputError(`${name} is damaged: its task ${wrong + 1} is no finished task. ${again}`);
  return {
    card: card as unknown as PredictorCard,
    tasks: tasks as FinishedTask[],
    calibration: calibration as Predictor['calibration'],
    record: record as unknown as TrackRecord,
    ...(network ? { network: parseNetwork(network, name).network } : {}),
  };
}

const isCard = hasFields(
  { tasks: isCount, leftOut: isMapOf(isNumber), weights: isOneOf('none', 'pretrained', 'fine-tuned', 'trained here') },
  {
    ...{ fromSeconds: isNumber, toSeconds: isNumber, cluster: hasFields({ key: isName, name: isText }) },
    ...{ backend: isText, pretraining: isNetworkCard },
    judgement: hasFields({ outcomes: isCount, metrics: isMapOf(isMapOf(isNumber)) }),
  },
);

const isTracker = hasFields({
  ...{ low: isNumber, high: isNumber, lowDebt: isNumber, highDebt: isNumber, ends: isCount },
});

const isScore = hasFields({ outcomes: isCount, ratio: isNumber, inBand: isCount });
const areReached: Shape = (value) =>
  isListOf(isCount)(value) && [0, QUANTILE_LEVELS.length].includes((value as unknown[]).length);

const isTrackRecord = hasFields({
  scores: isMapOf(isMapOf(isScore)),
  weeks: isMapOf(hasFields({ outcomes: isCount, inBand: isCount })),
  reached: areReached,
  errors: isMapOf(isListOf(isNumber)),
});

/** All of a predictor but its weights, which `parseNetwork` reads; each task is looked at alone. */
const PARTS: Readonly<Record<string, Shape>> = {
  card: isCard,
  calibration: isMapOf(isTracker),
  record: isTrackRecord,
  tasks: Array.isArray,
};

function fitsWeights(network: unknown, { weights }: PredictorCard): boolean {
  return weights === 'none' ? network === null : isRecord(network);
}
