/** Partial packings looked at before a set is given up: hard sets are rare, and there are others. */
const MOST_LOOKS = 4000;

/**
 * Packs amounts into bins of one size, exactly: each bin begins with the largest amount that is left, and every set that
 * leaves no more room than there is to spare is tried beside it.
 * @param amounts whole numbers from 1 to `size`
 * @returns the amounts of each bin; undefined where they do not fit, or where it was not found within `MOST_LOOKS`
 */
export function packInto(amounts: readonly number[], bins: number, size: number): number[][] | undefined {
  const values = [...new Set(amounts)].sort((left, right) => right - left);
  const counts = values.map((value) => amounts.filter((amount) => amount === value).length);
  const packed: number[][] = [];
  let looks = 0;

  /** Fills the open bin with values from `from` on, then the bins after it. `spare` is what may still be left empty. */
  function fill(room: number, from: number, spare: number): boolean {
    looks += 1;
    if (looks > MOST_LOOKS) return false;
    const bin = packed[packed.length - 1]!;
    for (let index = from; index < values.length; index += 1) {
      const value = values[index]!;
      if (counts[index] === 0 || value > room) continue;
      counts[index]! -= 1;
      bin.push(value);
      if (fill(room - value, index, spare)) return true;
      bin.pop();
      counts[index]! += 1;
    }
    return room <= spare && openBin(spare - room);
  }

  function openBin(spare: number): boolean {
    const largest = counts.findIndex((count) => count > 0);
    if (largest < 0) return true;
    if (packed.length === bins) return false;
    counts[largest]! -= 1;
    packed.push([values[largest]!]);
    if (fill(size - values[largest]!, largest, spare)) return true;
    packed.pop();
    counts[largest]! += 1;
    return false;
  }

  const spare = bins * size - amounts.reduce((sum, amount) => sum + amount, 0);
  if (spare < 0 || !openBin(spare)) return undefined;
  return [...packed, ...Array.from({ length: bins - packed.length }, () => [])];
}
