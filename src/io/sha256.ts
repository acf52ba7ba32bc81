import { createHash } from 'node:crypto';
import type { Hash } from '../core/model/hash.ts';

/** SHA-256 as the core's hash. */
export const sha256: Hash = (text) => createHash('sha256').update(text).digest('hex');
