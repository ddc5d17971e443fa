/** What a change of a client takes away. Pure. */

import type { Touched } from '../../rights/store.ts';
import type { Service, ServiceSettings } from '../../services/service.ts';

/** Whose tokens say more than they may after the change; undefined: nobody's. */
export function takenFrom(before: Service, after: ServiceSettings): Touched | undefined {
  const { id, permissions, audiences } = before;
  const isProofLost = losesProof(before, after);
  const mayExchange = permissions.includes('tokens.exchange');
  const losesExchange =
    !after.permissions.includes('tokens.exchange') || audienceIsLost(audiences, after.audiences);
  // Whose sessions got exchanged tokens of it is not stored.
  if (mayExchange && (isProofLost || losesExchange)) return { kind: 'all' };
  if (!isProofLost && !loses(before.scopes, after.scopes)) return undefined;
  return { kind: 'client', clientId: id };
}

/** Whether a key or certificate proved the client before, and does not any more; or its tokens must be bound from now on. */
export function losesProof(
  before: Pick<ServiceSettings, 'jwks' | 'certificateName' | 'certificateBound'>,
  after: Pick<ServiceSettings, 'jwks' | 'certificateName' | 'certificateBound'>,
): boolean {
  const isBoundNow = after.certificateBound && !before.certificateBound;
  const keys = [before, after].map(({ jwks }) => (jwks?.keys ?? []).map((key) => JSON.stringify(key)));
  return (
    isBoundNow || before.certificateName !== after.certificateName || loses(keys[0] ?? [], keys[1] ?? [])
  );
}

/** None stands for AUDIENCE. */
function audienceIsLost(before: readonly string[], after: readonly string[]): boolean {
  const some = after.length > 0;
  return before.length > 0 ? !some || loses(before, after) : some;
}

function loses(before: readonly string[], after: readonly string[]): boolean {
  return before.some((each) => !after.includes(each));
}
