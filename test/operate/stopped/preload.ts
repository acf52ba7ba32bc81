/** Loaded before the command line: what it opens to write comes from `doors.ts`. See `stoppedAfter`. */
import { registerHooks } from 'node:module';

const DOORS = new URL('doors.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const isDoor = found.url.endsWith('/src/cluster/open.ts') || found.url.endsWith('/src/operate/journal.ts');
    const isOpened = context.parentURL?.endsWith('/src/cli/operating.ts');
    return isDoor && isOpened ? { ...found, url: DOORS } : found;
  },
});
