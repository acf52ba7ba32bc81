/** A source of uniform numbers in [0, 1). Whoever draws is handed one; nothing in the core draws a hidden number. */
export type Random = () => number;

/**
 * A seeded source: sfc32 (Doty-Humphrey, PractRand), 128 bits of state, period at least 2^32, the first draws thrown
 * away so that near seeds part ways. Same seed, same numbers, on every machine.
 * @param seed any finite number; its fraction counts too
 */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = Math.floor(seed / 0x1_0000_0000) | 0;
  let c = seed | 0;
  let counter = Math.round((seed - Math.floor(seed)) * 0x1_0000_0000) + 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let warm = 0; warm < 16; warm += 1) next();
  return next;
}

/** A whole number in 0 … `count` − 1, each as likely. */
export function randomIndex(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** An exponential waiting time with that mean: the gaps of a Poisson process. */
export function randomExponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random());
}

/** A new array in random order (Fisher–Yates); the given one stays as it is. */
export function shuffled<T>(random: Random, all: readonly T[]): T[] {
  const order = [...all];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = randomIndex(random, last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
