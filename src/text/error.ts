import { failureOf } from '../cluster/errors.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';
import { StateError, type StateFault } from '../operate/stateError.ts';
import { describeFailure } from './failure.ts';
import { ended, number } from './format.ts';

/** What was thrown, as every door tells it. */
export function describeError(thrown: unknown): string {
  return describeKnownError(thrown) ?? errorMessage(thrown);
}

/** The same for what a user or a cluster can bring about; undefined for a defect of ours, whose stack matters more. */
export function describeKnownError(thrown: unknown): string | undefined {
  if (thrown instanceof StateError) return describeStateFault(thrown.fault);
  if (thrown instanceof InputError) return thrown.message;
  const failure = failureOf(thrown);
  return failure.code === 'said' ? undefined : describeFailure(failure);
}

export function describeStateFault(fault: StateFault): string {
  switch (fault.code) {
    case 'unreadable':
      return ended(`Cannot read the ${fault.what} ${fault.file}: ${fault.message}`);
    case 'brokenLine':
      return `Line ${number(fault.line)} of the journal ${fault.file} cannot be read. Move the file away; "stowage apply" then goes on from what stands on the cluster.`;
    case 'inUse':
      return `Another apply is at work here (process ${fault.process}). Wait until it is done, or stop it.`;
    case 'locked':
      return `Cannot take the lock ${fault.file}. Another apply is starting; try again.`;
    case 'planLost':
      return `The journal lost the plan ${fault.planId} while it was being applied.`;
  }
}
