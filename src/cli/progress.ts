/**
 * Progress on standard error: one line that is redrawn on a terminal, a new line every few seconds elsewhere. `show`
 * takes what is done of 1; with 0 the text is a line of its own, at once.
 */
export function progressLine(stream: NodeJS.WriteStream = process.stderr): {
  show(fraction: number, text: string): void;
  end(): void;
} {
  let last = 0;
  let drawn = false;
  return {
    show(fraction, text) {
      const now = performance.now();
      if (fraction > 0 && now - last < (stream.isTTY ? 100 : 5000)) return;
      last = now;
      const line = fraction > 0 ? `${(100 * fraction).toFixed(0).padStart(3)} % ${text}` : text;
      if (stream.isTTY && fraction > 0) {
        stream.write(`\r\u001b[K${line}`);
        drawn = true;
      } else stream.write(`${line}\n`);
    },
    end() {
      if (drawn) stream.write('\r\u001b[K');
    },
  };
}
