/** Whether tests do all of their work (`npm run test:full`), not the sample of it that `npm test` has time for. */
export const isFull = process.env['STOWAGE_FULL'] === '1';
