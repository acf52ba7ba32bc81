import { type Journal, type JournalEntry, operationsOf } from '../../src/operate/journal.ts';
import type { Ledger, LedgerRow } from '../../src/operate/ledger.ts';

/** A journal that is kept in memory only. */
export function memoryJournal(entries: JournalEntry[] = []): Journal {
  return {
    operations: () => operationsOf(entries),
    async append(entry) {
      entries.push(entry);
    },
    async close() {},
  };
}

/** A ledger that is kept in memory only. */
export function memoryLedger(): Ledger {
  const rows = new Map<string, LedgerRow>();
  return {
    rows: () => [...rows.values()],
    find: (planId, moveId) => rows.get(`${planId} ${moveId}`),
    async put(more) {
      for (const row of more) rows.set(`${row.planId} ${row.moveId}`, row);
    },
  };
}
