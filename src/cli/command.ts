/** One command of the command line: reads its words, prints, and gives the exit code. */
export type Command = (words: readonly string[]) => Promise<number>;
