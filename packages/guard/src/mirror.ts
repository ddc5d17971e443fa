/**
 * What a subscriber has of one stream: filters, keys and a lease. Takes the messages of the authority in their order and
 * trusts none of them: what is not as the protocol says is a `ProtocolFault`, and then the whole mirror is worth nothing.
 */

import { type Clock, type Moment, momentOf } from '@countersign/verifier/clock';
import type { GrantLease__Output } from '@countersign/verifier/contract/generated/countersign/v1/GrantLease';
import type { PublicKeys__Output } from '@countersign/verifier/contract/generated/countersign/v1/PublicKeys';
import type { RevocationEntry__Output } from '@countersign/verifier/contract/generated/countersign/v1/RevocationEntry';
import type { Revocations__Output } from '@countersign/verifier/contract/generated/countersign/v1/Revocations';
import type { WatchRevocationsResponse__Output as Response } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsResponse';
import type { WatchStarted__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchStarted';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Confirm } from '@countersign/verifier/revocation/confirmation';
import {
  createDenyList,
  type DenyList,
  type DenyListMemory,
} from '@countersign/verifier/revocation/denyList';
import { createLease, type Lease } from '@countersign/verifier/revocation/lease';
import { type Revocation, sessionSubjectBytes } from '@countersign/verifier/revocation/revocation';
import { createEarliestTime, forgetting, type ReadLatestTime } from '@countersign/verifier/steadyTime';
import {
  type AccessTokenReader,
  createAccessTokenReader,
} from '@countersign/verifier/tokens/accessTokenReader';
import { jtiBytes } from '@countersign/verifier/tokens/jti';
import { guardLimits } from './limits.ts';
import { ProtocolFault } from './rpcError.ts';
import { createSnapshot, isCount, type Snapshot } from './snapshot.ts';
import { createSubscriberKeys, type ImportKeys, type SubscriberKeys } from './subscriberKeys.ts';

export interface MirrorParts {
  readonly clock: Clock;
  readonly confirm: Confirm;
  readonly importKeys: ImportKeys;
  readonly audience: string;
  /** Undefined: whatever the authority says. */
  readonly issuer: string | undefined;
  readonly maximumRevocations: number;
  /** By which tokens are judged to have expired. */
  readonly latestTime: ReadLatestTime;
}

export interface Mirror {
  /** Tells it from every other one, for whoever must not keep its filters alive. */
  readonly identity: symbol;
  readonly issuer: string;
  readonly nodeId: string;
  readonly denyList: DenyList;
  readonly lease: Pick<Lease, 'held' | 'remainingMs' | 'drop'>;
  readonly keys: SubscriberKeys;
  readonly reader: AccessTokenReader;
  /** Whether memory may answer, now. */
  holdsLease(now?: Moment): boolean;
  /** The snapshot has come to its end. */
  complete(): boolean;
  /** Notes when a lease is asked for; answers the number to ask with, or undefined when too many were not answered. */
  askForLease(): number | undefined;
  /** Takes one message. Answers the position that is to be acknowledged, if there is one. */
  take(message: Response): number | undefined;
  /** Forgets what expired. */
  tidy(): void;
}

const subjectBytes: readonly number[] = [sessionSubjectBytes, jtiBytes];

export function createMirror(started: WatchStarted__Output, parts: MirrorParts): Mirror {
  checkStarted(started, parts);
  const { clock, confirm, maximumRevocations, latestTime } = parts;
  const { sliceMs, issuer, nodeId } = started;
  const lease = createLease({ clock, milliseconds: guardLimits.leaseMilliseconds });
  const keys = createSubscriberKeys(parts);
  const earliestTime = createEarliestTime(clock);
  const latestEnd = () => clock.now() + guardLimits.expiryMilliseconds;
  const maximumBytes = Math.max(
    guardLimits.fewestFilterBytes,
    maximumRevocations * guardLimits.bytesPerRevocation,
  );
  // Not looked at afterwards: a new slice is given half the room of the fullest, and that much would be taken already.
  const beforeGrowth = (bytes: number) => {
    if (denyList.stats().bytes + bytes > maximumBytes)
      throw new ProtocolFault('more than there is memory for');
  };
  const denyList = createDenyList({ lease, confirm, sliceMs, onVerdict: () => {}, beforeGrowth });
  const renewals = createRenewals(clock);
  const filling = fillDenyList(denyList, (memory) => createSnapshot({ memory, maximumBytes, latestEnd }));
  let position: number | undefined;

  const add = ({ position: next, entries }: Revocations__Output): number => {
    if (position === undefined) throw new ProtocolFault('revocations before the end of the snapshot');
    if (!isCount(next) || next <= position) throw new ProtocolFault('a position that does not grow');
    if (entries.length > verifierLimits.subscriberMessageEntries)
      throw new ProtocolFault(`${entries.length} entries at once`);
    const latest = latestEnd();
    const committed = entries.filter(({ unconfirmed }) => !unconfirmed);
    const others = entries.filter(({ unconfirmed }) => unconfirmed);
    addAll(
      committed.map((entry) => toRevocation(entry, latest)),
      denyList.addCommitted,
    );
    addAll(
      others.map((entry) => toRevocation(entry, latest)),
      denyList.add,
    );
    position = next;
    return next;
  };
  const addAll = (revocations: readonly Revocation[], addTo: DenyList['add']) => {
    addTo(revocations);
    const { slices } = denyList.stats();
    if (slices > guardLimits.slices) throw new ProtocolFault(`more than ${guardLimits.slices} time slices`);
  };

  const snapshot = (): Snapshot => {
    if (position !== undefined) throw new ProtocolFault('more of a snapshot that had come to its end');
    return filling.snapshot;
  };
  const completeSnapshot = (at: number) => {
    if (!isCount(at)) throw new ProtocolFault('a snapshot without a position');
    snapshot().complete();
    filling.finish();
    position = at;
  };
  const takeKeys = ({ jwks, ageMs }: PublicKeys__Output) => {
    if (!isCount(ageMs)) throw new ProtocolFault('keys of an age that cannot be');
    keys.take(jwks, ageMs);
  };
  const takeLease = ({ number, leaseMs }: GrantLease__Output) => {
    if (!isCount(leaseMs) || leaseMs > guardLimits.leaseMilliseconds)
      throw new ProtocolFault(`a lease of ${leaseMs} ms`);
    const from = renewals.answered(number);
    // None now: what was granted before goes on until its end.
    if (leaseMs > 0) lease.hold(from, leaseMs);
  };
  type Taken = Required<{ [Kind in keyof Response]: NonNullable<Response[Kind]> }>;
  const takers: Partial<Record<string, (message: Response) => number | undefined>> = {
    filterStart: (message) => void snapshot().begin((message as Taken).filterStart),
    filterBytes: (message) => void snapshot().fill((message as Taken).filterBytes.bytes),
    snapshotEnd: (message) => void completeSnapshot((message as Taken).snapshotEnd.position),
    revocations: (message) => add((message as Taken).revocations),
    keys: (message) => void takeKeys((message as Taken).keys),
    lease: (message) => void takeLease((message as Taken).lease),
  };

  return {
    identity: Symbol('mirror'),
    issuer,
    nodeId: nodeId.slice(0, guardLimits.textCharacters),
    denyList,
    lease,
    keys,
    reader: createAccessTokenReader({
      keyRing: { verifier: (kid) => keys.believed()?.get(kid) },
      issuer,
      audience: parts.audience,
      // The guard remembers whole texts; a second memory would only take room.
      verified: { has: () => false, add: () => {}, size: () => 0 },
    }),
    holdsLease: (now) => denyList.loaded() && lease.held(now),
    complete: () => position !== undefined,
    askForLease: () => renewals.ask(),

    take(message) {
      const { message: kind } = message;
      const takeThis = kind === undefined ? undefined : takers[kind];
      if (takeThis === undefined) throw new ProtocolFault(`an unexpected message: ${kind ?? 'an empty one'}`);
      return takeThis(message);
    },

    tidy: () => denyList.dropExpired(forgetting(earliestTime(), latestTime)),
  };
}

function checkStarted(started: WatchStarted__Output, { issuer, maximumRevocations }: MirrorParts): void {
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
  if (wrong.includes(true)) throw new ProtocolFault('a beginning that cannot be');
  if (entries > maximumRevocations)
    throw new ProtocolFault(`${entries} revocations, more than maximumRevocations (${maximumRevocations})`);
}

/** The deny-list is loaded by a function; the snapshot comes in pieces. */
function fillDenyList(denyList: DenyList, make: (memory: DenyListMemory) => Snapshot) {
  let snapshot: Snapshot | undefined;
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  void denyList.load((memory) => {
    snapshot = make(memory);
    return finished;
  });
  // `load` has called that function before it first waited.
  return { snapshot: snapshot as unknown as Snapshot, finish };
}

/** When which number was sent. */
function createRenewals(clock: Clock) {
  const open = new Map<number, Moment>();
  let last = 0;
  return {
    ask(): number | undefined {
      if (open.size >= guardLimits.openRenewals) return undefined;
      last += 1;
      open.set(last, momentOf(clock));
      return last;
    },
    answered(number: number): Moment {
      const from = open.get(number);
      if (from === undefined)
        throw new ProtocolFault('an answer to a renewal that was not sent, or was answered');
      for (const sent of open.keys()) if (sent <= number) open.delete(sent);
      return from;
    },
  };
}

function toRevocation(
  { subject, expireTimeMs, reason }: RevocationEntry__Output,
  latest: number,
): Revocation {
  if (!subjectBytes.includes(subject.length)) throw new ProtocolFault(`a subject of ${subject.length} bytes`);
  if (!isCount(expireTimeMs) || expireTimeMs > latest)
    throw new ProtocolFault('an entry that expires when none does');
  return { subject, reason, expiresAt: expireTimeMs };
}
