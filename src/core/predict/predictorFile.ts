import type { FinishedTask } from '../model/finished.ts';
import { InputError } from '../model/input.ts';
import { isRecord } from '../model/isRecord.ts';
import { networkJson, parseNetwork } from './networkFile.ts';
import type { Predictor, PredictorCard } from './predictor.ts';
import type { TrackRecord } from './record.ts';

const FORMAT = 'stowage-predictor';
/** Raised whenever a part is added or changes its meaning. */
const VERSION = 2;

/** A predictor as one JSON text: model card, weights, calibration, track record, and the tasks it stands on. */
export function formatPredictor(predictor: Predictor): string {
  const { card, network, calibration, record, tasks } = predictor;
  return JSON.stringify({
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
  if (
    !isRecord(card) ||
    !isRecord(calibration) ||
    !isRecord(record) ||
    !isRecord(record['scores']) ||
    !Array.isArray(record['reached']) ||
    !Array.isArray(tasks)
  ) {
    throw new InputError(`${name} is damaged: a part of it is missing. ${again}`);
  }
  const broken = tasks.findIndex((task) => !isFinishedTask(task));
  if (broken >= 0) throw new InputError(`${name} is damaged: its task ${broken + 1} is no finished task. ${again}`);
  return {
    card: card as PredictorCard,
    tasks: tasks as FinishedTask[],
    calibration: calibration as Predictor['calibration'],
    record: record as TrackRecord,
    ...(network ? { network: parseNetwork(network, name).network } : {}),
  };
}

function isFinishedTask(value: unknown): value is FinishedTask {
  if (!isRecord(value) || typeof value['id'] !== 'string') return false;
  const times = [value['submittedAtSeconds'], value['startedAtSeconds'], value['endedAtSeconds'], value['size']];
  return times.every(Number.isFinite) && isRecord(value['parameters']) && isRecord(value['request']);
}
