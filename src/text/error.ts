import { failureOf } from '../cluster/errors.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';
import { describeFailure } from './failure.ts';

/** What was thrown, as every door tells it. */
export function describeError(thrown: unknown): string {
  return describeKnownError(thrown) ?? errorMessage(thrown);
}

/** The same for what a user or a cluster can bring about; undefined for a defect of ours, whose stack matters more. */
export function describeKnownError(thrown: unknown): string | undefined {
  if (thrown instanceof InputError) return thrown.message;
  const failure = failureOf(thrown);
  return failure.code === 'said' ? undefined : describeFailure(failure);
}
