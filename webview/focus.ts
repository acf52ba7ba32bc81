/**
 * Gives the focus back to the element that had it before the editor took it, as for a question or its palette: the editor
 * gives it to the page, not to what is in it. An element that is gone gets nothing, and neither does one that the reader
 * left by a click beside it.
 */
export function keepFocus(): void {
  let last: HTMLElement | undefined;
  const isNowhere = () => document.activeElement === null || document.activeElement === document.body;
  document.addEventListener('focusin', ({ target }) => {
    last = target as HTMLElement;
  });
  document.addEventListener('pointerup', () => {
    if (isNowhere()) last = undefined;
  });
  window.addEventListener('focus', () => {
    if (isNowhere() && last?.isConnected) last.focus({ preventScroll: true });
  });
}
