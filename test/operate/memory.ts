import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { ApplyOptions } from '../../src/operate/applyPlan.ts';
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

/** To apply and go on with every yes, with a ledger that is kept in memory only. */
export function agreeing(journal: Journal): ApplyOptions {
  return { journal, ledger: memoryLedger(), settings: DEFAULT_SETTINGS, confirm: async () => true };
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
