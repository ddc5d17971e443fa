/**
 * Decides which refused refreshes get an audit row: the first few of a session in an hour. Repeating a dead token must not fill
 * the table.
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
