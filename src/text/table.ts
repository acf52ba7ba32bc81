/** A column of a table: its head, and on which side its cells stand. */
export type Column = { readonly head: string; readonly align?: 'left' | 'right' };

/**
 * Rows under heads, columns two spaces apart and as wide as their widest cell; no trailing spaces. Colours in cells do
 * not count as width. A table without rows has no lines at all.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], indent = '  '): string[] {
  if (rows.length === 0) return [];
  const heads = columns.map(({ head }) => head);
  const widths = columns.map((_, column) => Math.max(...[heads, ...rows].map((row) => width(row[column] ?? ''))));
  const line = (row: readonly string[]) =>
    indent +
    columns
      .map(({ align }, column) => {
        const cell = row[column] ?? '';
        const space = ' '.repeat(widths[column]! - width(cell));
        return align === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [...(heads.some(Boolean) ? [line(heads)] : []), ...rows.map(line)];
}

/** A text cut in its middle, so that the kind and the number of a long name both stay. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`;
}

/** Lines of at most `length` characters, broken at spaces but not between a number and its unit. */
export function wrapped(text: string, indent: string, length = 116): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAKS)) {
    if (line && indent.length + width(line) + 1 + width(word) > length) {
      lines.push(indent + line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, indent + line];
}

const BREAKS = / (?!%|(?:s|min|h|d|CPU|GPU|KiB|MiB|GiB|TiB|node-hours?|node-minutes?)\b)/;

function width(text: string): number {
  return [...text.replace(ANSI, '')].length;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character
const ANSI = /\u001b\[\d+m/g;
