/**
 * Whether the database can be trusted: the doubts, what was seen of it before, and the canary that is written and read back. Owns
 * the operator's decision about a restored database. Does not own its content.
 */
import type { Counted } from '../revocation/countFailures.ts';
import { createRestored, type RestoredParts } from './restored.ts';

export function mountTruth({ counted, ...parts }: RestoredParts & { readonly counted: Counted }) {
  return { operations: { restored: counted(createRestored(parts)) } };
}
