/** What comes from a cluster may hold anything; no control sequence of it reaches the terminal. */

/** A text in one line. */
export function plainLine(text: string): string {
  return plainText(text).replace(/\n+/g, ' ');
}

/** A text whose line breaks stay. */
export function plainText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, ' ');
}
