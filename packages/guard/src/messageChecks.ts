/** Checks the authority's messages. A violation is a `ProtocolFault`. */
import type { RevocationEntry__Output } from '@countersign/verifier/contract/generated/countersign/v1/RevocationEntry';
import type { Revocations__Output } from '@countersign/verifier/contract/generated/countersign/v1/Revocations';
import type { WatchStarted__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchStarted';
import { verifierLimits } from '@countersign/verifier/limits';
import { type Revocation, sessionSubjectBytes } from '@countersign/verifier/revocation/revocation';
import { jtiBytes } from '@countersign/verifier/tokens/jti';
import { guardLimits } from './limits.ts';
import { ProtocolFault } from './rpcError.ts';
import { isCount } from './snapshot.ts';

const subjectBytes: readonly number[] = [sessionSubjectBytes, jtiBytes];

/** Checks a stream's first message. `issuer`: undefined accepts any. */
export function checkStarted(
  started: WatchStarted__Output,
  { issuer, maximumRevocations }: { issuer: string | undefined; maximumRevocations: number },
): void {
  const { renewalIntervalMs, silenceMs, sliceMs, entries } = started;
  if (issuer !== undefined && started.issuer !== issuer)
    throw new ProtocolFault('an authority of another issuer');
  const wrong = [
    started.issuer === '' || started.issuer.length > guardLimits.issuerCharacters,
    renewalIntervalMs < guardLimits.renewalMinimumMilliseconds || silenceMs < renewalIntervalMs,
    silenceMs > guardLimits.silenceMaximumMilliseconds,
    !isCount(sliceMs) ||
      sliceMs < guardLimits.sliceMinimumMilliseconds ||
      sliceMs > guardLimits.expiryMilliseconds,
    !isCount(entries),
  ];
  if (wrong.includes(true)) throw new ProtocolFault('an impossible start');
  if (entries > maximumRevocations)
    throw new ProtocolFault(`${entries} revocations, more than maximumRevocations (${maximumRevocations})`);
}

/**
 * Reads a message's revocations. `before`: the last position; undefined until the snapshot is complete. `latest`: the latest
 * expiry allowed.
 */
export function readRevocations(
  { position, entries }: Revocations__Output,
  { before, latest }: { before: number | undefined; latest: number },
): { readonly committed: readonly Revocation[]; readonly unconfirmed: readonly Revocation[] } {
  if (before === undefined) throw new ProtocolFault('revocations before the end of the snapshot');
  if (!isCount(position) || position <= before) throw new ProtocolFault('a position that does not increase');
  if (entries.length > verifierLimits.subscriberMessageEntries)
    throw new ProtocolFault(`${entries.length} entries at once`);
  const committed: Revocation[] = [];
  const unconfirmed: Revocation[] = [];
  for (const entry of entries)
    (entry.unconfirmed ? unconfirmed : committed).push(toRevocation(entry, latest));
  return { committed, unconfirmed };
}

function toRevocation(
  { subject, expireTimeMs, reason }: RevocationEntry__Output,
  latest: number,
): Revocation {
  if (!subjectBytes.includes(subject.length)) throw new ProtocolFault(`a subject of ${subject.length} bytes`);
  if (!isCount(expireTimeMs) || expireTimeMs > latest)
    throw new ProtocolFault('an entry with an impossible expiry');
  return { subject, reason, expiresAt: expireTimeMs };
}
