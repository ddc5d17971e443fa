/**
 * Which refused refreshes are worth a row of the audit trail: the first few of a session in an hour. A token that is dead stays
 * dead however often it is sent, and sending it must not fill a table.
 */

import type { SessionId } from '@countersign/verifier/ids';
import { limits } from '../platform/limits.ts';
import { createSampler, type Sampler } from '../platform/sampler.ts';

export type RefusalMemory = Sampler<SessionId>;

export function createRefusalMemory(): RefusalMemory {
  return createSampler({
    few: limits.refusalsRecorded,
    milliseconds: limits.refusalsRecordedMilliseconds,
    names: limits.refusalsRemembered,
  });
}
