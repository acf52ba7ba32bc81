const UNSEEN = /[\u007f-\u009f\p{Cf}\p{DI}\p{Zl}\p{Zp}]/gu;

/**
 * A value as JSON in which nothing steers a terminal or is unseen: what JSON itself lets stand (DEL, C1, bidi marks and
 * other characters without a shape) is written as \uXXXX, too. Parsed again it is the same value.
 * @param indent as of `JSON.stringify`
 */
export function jsonText(value: unknown, indent?: number): string {
  // Runs of what is no ASCII are few, and finding them is cheap.
  return JSON.stringify(value, null, indent).replace(/[^\0-~]+/g, (run) => run.replace(UNSEEN, escaped));
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
