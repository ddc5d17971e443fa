/**
 * A subscriber's state from one stream: filters, keys and lease. Takes the authority's messages in order and trusts none. A
 * violation is a `ProtocolFault` and invalidates the whole mirror.
 */

import type { Clock, Moment } from '@countersign/verifier/clock';
import type { Revocations__Output } from '@countersign/verifier/contract/generated/countersign/v1/Revocations';
import type { WatchRevocationsResponse__Output as Response } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsResponse';
import type { WatchStarted__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchStarted';
import type { Confirm } from '@countersign/verifier/revocation/confirmation';
import { createDenyList, type DenyList } from '@countersign/verifier/revocation/denyList';
import type { DenyListMemory } from '@countersign/verifier/revocation/denyListMemory';
import type { Lease } from '@countersign/verifier/revocation/lease';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { createEarliestTime, forgetting, type ReadLatestTime } from '@countersign/verifier/steadyTime';
import {
  type AccessTokenReader,
  createAccessTokenReader,
} from '@countersign/verifier/tokens/accessTokenReader';
import { guardLimits } from './limits.ts';
import { checkStarted, readRevocations } from './messageChecks.ts';
import { ProtocolFault } from './rpcError.ts';
import { createSnapshot, isCount, type Snapshot } from './snapshot.ts';
import { createSubscriberKeys, type ImportKeys, type SubscriberKeys } from './subscriberKeys.ts';
import { createSubscriberLease } from './subscriberLease.ts';

export interface MirrorParts {
  readonly clock: Clock;
  readonly confirm: Confirm;
  readonly importKeys: ImportKeys;
  readonly audience: string;
  /** Undefined accepts any. */
  readonly issuer: string | undefined;
  readonly maximumRevocations: number;
  /** The time by which token expiry is judged. */
  readonly latestTime: ReadLatestTime;
}

export interface Mirror {
  /** Identifies this mirror without a reference, which would keep its filters alive. */
  readonly identity: symbol;
  readonly issuer: string;
  readonly nodeId: string;
  readonly denyList: DenyList;
  readonly lease: Pick<Lease, 'held' | 'remainingMs' | 'drop'>;
  readonly keys: SubscriberKeys;
  readonly reader: AccessTokenReader;
  /** Whether memory may answer now. */
  holdsLease(now?: Moment): boolean;
  /** True after the end of the snapshot. */
  complete(): boolean;
  /** Records that a lease is requested now. Returns the request's number; undefined while too many are unanswered. */
  askForLease(): number | undefined;
  /** Takes one message. Returns the position to acknowledge, if any. */
  take(message: Response): number | undefined;
  /** Drops expired entries. */
  tidy(): void;
}

export function createMirror(started: WatchStarted__Output, parts: MirrorParts): Mirror {
  checkStarted(started, parts);
  const { clock, confirm, maximumRevocations, latestTime } = parts;
  const { sliceMs, issuer, nodeId } = started;
  const leasing = createSubscriberLease(clock);
  const { lease } = leasing;
  const keys = createSubscriberKeys(parts);
  const earliestTime = createEarliestTime(clock);
  const latestEnd = () => clock.now() + guardLimits.expiryMilliseconds;
  const maximumBytes = roomFor(maximumRevocations);
  // Checked before growing: a new slice allocates half of the fullest one's room.
  const beforeGrowth = (bytes: number) => {
    if (denyList.stats().bytes + bytes > maximumBytes)
      throw new ProtocolFault('more than fits into the memory');
  };
  const denyList = createDenyList({ lease, confirm, sliceMs, onVerdict: () => {}, beforeGrowth });
  const filling = fillDenyList(denyList, (memory) => createSnapshot({ memory, maximumBytes, latestEnd }));
  /** The last message's position; undefined until the snapshot is complete. */
  let position: number | undefined;

  const addTo = (add: DenyList['add'], revocations: readonly Revocation[]) => {
    add(revocations);
    const { slices } = denyList.stats();
    if (slices > guardLimits.slices) throw new ProtocolFault(`more than ${guardLimits.slices} time slices`);
  };
  const takeRevocations = (message: Revocations__Output): number => {
    const { committed, unconfirmed } = readRevocations(message, { before: position, latest: latestEnd() });
    addTo(denyList.addCommitted, committed);
    addTo(denyList.add, unconfirmed);
    position = message.position;
    return position;
  };
  const snapshot = (): Snapshot => {
    if (position !== undefined) throw new ProtocolFault('more of a snapshot after its end');
    return filling.snapshot;
  };
  const completeSnapshot = (at: number) => {
    if (!isCount(at)) throw new ProtocolFault('a snapshot without a position');
    snapshot().complete();
    filling.finish();
    position = at;
  };
  type Taken = Required<{ [Kind in keyof Response]: NonNullable<Response[Kind]> }>;
  const takers: Partial<Record<string, (message: Response) => number | undefined>> = {
    filterStart: (message) => void snapshot().begin((message as Taken).filterStart),
    filterBytes: (message) => void snapshot().fill((message as Taken).filterBytes.bytes),
    snapshotEnd: (message) => void completeSnapshot((message as Taken).snapshotEnd.position),
    revocations: (message) => takeRevocations((message as Taken).revocations),
    keys: (message) => void keys.take((message as Taken).keys),
    lease: (message) => void leasing.take((message as Taken).lease),
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
      // The guard caches whole tokens itself. A second cache would waste memory.
      verified: { get: () => undefined, add: () => {}, size: () => 0 },
    }),
    holdsLease: (now) => denyList.loaded() && lease.held(now),
    complete: () => position !== undefined,
    askForLease: () => leasing.ask(),

    take(message) {
      const { message: kind } = message;
      const takeThis = kind === undefined ? undefined : takers[kind];
      if (takeThis === undefined) throw new ProtocolFault(`an unexpected message: ${kind ?? 'an empty one'}`);
      return takeThis(message);
    },

    tidy: () => denyList.dropExpired(forgetting(earliestTime(), latestTime)),
  };
}

/** Bytes allowed for all filters. */
function roomFor(revocations: number): number {
  return Math.max(guardLimits.fewestFilterBytes, revocations * guardLimits.bytesPerRevocation);
}

/** Turns the snapshot's pieces into one load of the deny-list. */
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
  // Safe: `load` calls the function above before its first wait.
  return { snapshot: snapshot as unknown as Snapshot, finish };
}
