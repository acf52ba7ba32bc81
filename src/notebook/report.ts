import type { Figure } from './figure.ts';
import type { Table } from './table.ts';

/** Tables and charts under headings, as plain data, for the notebook's renderer. */
export type Report = {
  readonly title: string;
  readonly notes: readonly string[];
  readonly parts: readonly ReportPart[];
};

export type ReportPart = {
  readonly heading: string;
  readonly note?: string;
  readonly table?: Table;
  readonly figure?: Figure;
  /** Closed until its reader opens it. */
  readonly folded?: boolean;
};
