/**
 * Whether the database is the truth: the doubts, what was seen of it before, and the canary that is written and read again. Owns the
 * operator's decision about a database that was put back. Does not own what is stored in it.
 */
import type { Counted } from '../revocation/countFailures.ts';
import { createRestored, type RestoredParts } from './restored.ts';

export function mountTruth({ counted, ...parts }: RestoredParts & { readonly counted: Counted }) {
  return { operations: { restored: counted(createRestored(parts)) } };
}
