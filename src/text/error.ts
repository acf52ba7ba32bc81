import { failureOf } from '../cluster/errors.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';
import { isSystemError, type SystemError } from '../core/model/systemError.ts';
import { StateError, type StateFault } from '../operate/stateError.ts';
import { describeFailure } from './failure.ts';
import { ended, moment, number } from './format.ts';

/** What was thrown, as every door tells it. */
export function describeError(thrown: unknown): string {
  return describeKnownError(thrown) ?? errorMessage(thrown);
}

/** The same for what a user or a cluster can bring about; undefined for a defect of ours, whose stack matters more. */
export function describeKnownError(thrown: unknown): string | undefined {
  if (thrown instanceof StateError) return describeStateFault(thrown.fault);
  if (thrown instanceof InputError) return thrown.message;
  if (isSystemError(thrown)) return describeSystemError(thrown);
  if (thrown instanceof RangeError && /call stack/.test(thrown.message)) return TOO_DEEP;
  const failure = failureOf(thrown);
  return failure.code === 'said' ? undefined : describeFailure(failure);
}

/** "Cannot use /work/.stowage: the disk is full. Free some space, then run it again." */
function describeSystemError({ code, path, message }: SystemError): string {
  const why = Object.hasOwn(SYSTEM_FAULTS, code) ? SYSTEM_FAULTS[code] : ended(message);
  return path === undefined ? `A file cannot be used: ${why}` : `Cannot use ${path}: ${why}`;
}

/** Why, and what to do, by the system's code. */
const SYSTEM_FAULTS: Readonly<Record<string, string>> = {
  EEXIST: 'something else stands in its place. Move that away.',
  ENOTDIR: 'a part of its path is a file, not a folder. Move that away, or work in another folder.',
  EISDIR: 'it is a folder, not a file. Move that away, or name another.',
  ENOENT: 'it is not there.',
  EACCES: 'you have no right to it. Ask its owner for the right, or work in another folder.',
  EPERM: 'the system does not allow it. Ask its owner for the right, or work in another folder.',
  EROFS: 'its file system is read-only. Work in another folder.',
  ENOSPC: 'the disk is full. Free some space, then run it again.',
  EDQUOT: 'your quota of the disk is used up. Free some space, then run it again.',
  ELOOP: 'its symbolic links lead in a circle. Remove them.',
  ENAMETOOLONG: 'its name is too long. Choose a shorter one.',
  EMFILE: 'this process has too many files open. Run it again, or raise the limit (ulimit -n).',
  ENFILE: 'this machine has too many files open. Close some programs, then run it again.',
  EIO: 'the disk could not be read or written. Check it, then run it again.',
};

/** Readers of nested values end so, whatever they read. */
const TOO_DEEP = 'What was read is nested too deeply. Check the file that was named.';

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
    case 'inUseElsewhere':
      return `Another apply is at work here on ${fault.host} (process ${fault.process}), since ${moment(fault.sinceSeconds)}. Wait until it is done there. If none runs there any more, delete ${fault.file}.`;
    case 'planLost':
      return `The journal lost the plan ${fault.planId} while it was being applied.`;
  }
}
