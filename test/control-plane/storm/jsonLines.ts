import { readFileSync } from 'node:fs';

/** What a file of JSON lines holds; a last line that was cut off does not count. No file: nothing. */
export function jsonLines<Row>(file: string): Row[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
