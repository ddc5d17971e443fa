/**
 * Which refused refreshes are worth a row of the audit trail: the first few of a session in an hour. A token that is dead stays
 * dead however often it is sent, and sending it must not fill a table.
 */

import type { SessionId } from '@countersign/verifier/ids';
import { createSampler, type Sampler } from '../platform/sampler.ts';
import { sessionLimits } from './limits.ts';

export type RefusalMemory = Sampler<SessionId>;

export function createRefusalMemory(): RefusalMemory {
  return createSampler({
    few: sessionLimits.refusalsRecorded,
    milliseconds: sessionLimits.refusalsRecordedMilliseconds,
    names: sessionLimits.refusalsRemembered,
  });
}
