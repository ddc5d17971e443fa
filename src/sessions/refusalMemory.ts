/**
 * Which refused refreshes are worth a row of the audit trail: the first few of a session in an hour. A token that is dead stays
 * dead however often it is sent, and sending it must not fill a table.
 */

import type { SessionId } from '@countersign/verifier/ids';
import { limits } from '../platform/limits.ts';
import { createFirstFew, type FirstFew } from '../platform/sampler.ts';

export type RefusalMemory = FirstFew<SessionId>;

export function createRefusalMemory(): RefusalMemory {
  return createFirstFew({
    few: limits.refusalsRecorded,
    milliseconds: limits.refusalsRecordedMilliseconds,
    names: limits.refusalsRemembered,
  });
}
