import { type ParseArgsConfig, parseArgs } from 'node:util';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';

/**
 * The words after a command, by the options that it takes.
 * @throws InputError that says what is wrong with them and where the command's help is
 */
export function parseWords<const Config extends Omit<ParseArgsConfig, 'args'>>(
  command: string,
  words: readonly string[],
  config: Config,
) {
  try {
    return parseArgs({ ...config, args: [...words] });
  } catch (error) {
    throw new InputError(`${errorMessage(error).replace(/\.?$/, '.')} See: stowage ${command} --help`);
  }
}
