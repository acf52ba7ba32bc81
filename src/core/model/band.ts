/** A quantity at three levels of its distribution: 10th percentile, median, 90th. Ordered: p10 ≤ p50 ≤ p90. */
export type Band = { readonly p10: number; readonly p50: number; readonly p90: number };
