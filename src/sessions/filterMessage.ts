import type { SessionFilter__Output } from '@countersign/verifier/contract/generated/countersign/v1/SessionFilter';
import type { FilterText } from '../revocation/matchingSessions.ts';

/** Without one, no condition. */
export function filterText(filter: SessionFilter__Output | null): FilterText {
  if (filter === null) return {};
  const { userId, clientId, createdBeforeMs, createdFromMs, ip } = filter;
  return {
    ...(userId === undefined ? {} : { userId }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(createdBeforeMs === undefined ? {} : { createdBefore: createdBeforeMs }),
    ...(createdFromMs === undefined ? {} : { createdFrom: createdFromMs }),
    ...(ip === undefined ? {} : { ip }),
  };
}
