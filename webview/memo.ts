/** The function, which works again only when one of its arguments is another. */
export function memo<Words extends readonly unknown[], Answer>(
  work: (...words: Words) => Answer,
): (...words: Words) => Answer {
  let last: { readonly words: Words; readonly answer: Answer } | undefined;
  return (...words) => {
    if (!last?.words.every((word, at) => word === words[at])) last = { words, answer: work(...words) };
    return last!.answer;
  };
}
