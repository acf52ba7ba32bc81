/**
 * Compares names as people count: `node-2` before `node-10`. Digits count as one number, all else by code units; of
 * equal numbers the one with fewer zeros before it comes first, so that only equal names compare as 0.
 * @returns below 0, 0 or above 0, for `sort`
 */
export function compareNaturally(left: string, right: string): number {
  const at = firstDifference(left, right);
  if (at === undefined) return 0;
  const start = startOfNumber(left, at);
  const [first, second] = [numberAt(left, start), numberAt(right, start)];
  const areNumbers = first !== '' && second !== '' && first !== second;
  return areNumbers ? compareNumbers(first, second) : codeAt(left, at) - codeAt(right, at);
}

/** The end of a name comes before everything. */
function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : -1;
}

function firstDifference(left: string, right: string): number | undefined {
  const shorter = Math.min(left.length, right.length);
  for (let at = 0; at < shorter; at++) if (left.charCodeAt(at) !== right.charCodeAt(at)) return at;
  return left.length === right.length ? undefined : shorter;
}

function startOfNumber(text: string, at: number): number {
  let start = at;
  while (start > 0 && isDigit(text.charCodeAt(start - 1))) start -= 1;
  return start;
}

/** The digits from there on; empty where there are none. */
function numberAt(text: string, start: number): string {
  let end = start;
  while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
  return text.slice(start, end);
}

/** Two rows of digits that are not the same. */
function compareNumbers(left: string, right: string): number {
  const [first, second] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  if (first.length !== second.length) return first.length - second.length;
  return first === second ? left.length - right.length : first < second ? -1 : 1;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
