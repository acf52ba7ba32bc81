import { sampleSeed } from '../editor/configuration.ts';
import type { Session } from '../editor/session.ts';

/** Opens the cluster that lives inside the extension. */
export const openSample = (session: Session, stateDirectory: string) => () =>
  session.open({ kind: 'sample', seed: sampleSeed(), directory: stateDirectory });
