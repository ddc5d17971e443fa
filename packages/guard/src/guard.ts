/**
 * A guard: verifies access tokens in the memory of the service that it protects, and refuses one from the moment on at which
 * its logout was answered. Owns the mirror of the deny-list, the keys and the lease that allow it to. Does not own what a
 * service does with a caller.
 */

import { type Clock, keepAlive, systemClock } from '@countersign/verifier/clock';
import { loadContract } from '@countersign/verifier/contract/contract';
import { createConfirmation } from '@countersign/verifier/revocation/confirmation';
import { createLatestTime } from '@countersign/verifier/steadyTime';
import { type GuardFault, tell } from './hooks.ts';
import { guardLimits } from './limits.ts';
import { type GuardOptions, readOptions } from './options.ts';
import type { GuardCounts } from './outcomes.ts';
import { createQuestions } from './questions.ts';
import { createKeyImport } from './subscriberKeys.ts';
import { createVerification, type Verification } from './verification.ts';
import { openWatch } from './watch.ts';

export interface GuardState {
  /**
   * - `not_ready`: there has been no lease yet.
   * - `leased`: tokens are verified in memory.
   * - `no_lease`: the authority is asked about each, or they are refused, as `withoutLease` says.
   * - `closed`: everything is refused.
   */
  readonly status: 'not_ready' | 'leased' | 'no_lease' | 'closed';
  /** 0 when there is none. */
  readonly leaseMs: number;
  /** To which the stream goes, as it was written in the options; undefined while there is none. */
  readonly authority: string | undefined;
  /** Which run of the node it is. */
  readonly nodeId: string | undefined;
  /** Live revocations, and what memory they take. */
  readonly revocations: number;
  readonly revocationBytes: number;
  readonly keys: number;
  /** Infinite when there are none. */
  readonly keysAgeMs: number;
  readonly rememberedTokens: number;
  readonly counts: GuardCounts & { readonly faults: Readonly<Record<GuardFault['kind'], number>> };
  readonly lastFault: GuardFault | undefined;
}

export interface Guard extends Pick<Verification, 'verify'> {
  /** Resolves with the first lease; rejects when the guard is closed before. */
  ready(): Promise<void>;
  state(): GuardState;
  /** Drops the lease, tells the authority, and leaves nothing behind: no timer, no socket. Everything is refused from here on. */
  close(): Promise<void>;
}

/** What a test may bring. */
export interface GuardSurroundings {
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** Throws `GuardOptionsError`. Begins to work at once, in the background. */
export function openGuard(options: GuardOptions, surroundings: GuardSurroundings = {}): Guard {
  const settings = readOptions(options);
  const { clock = systemClock, random = Math.random } = surroundings;
  const { hooks } = settings;
  const faults = { lost: 0, tls: 0, refused: 0, protocol: 0, question: 0 };
  let lastFault: GuardFault | undefined;
  let wasReady = false;
  let heldLease = false;
  let closing: Promise<void> | undefined;

  const onFault = (fault: Omit<GuardFault, 'at'>) => {
    faults[fault.kind] += 1;
    lastFault = { ...fault, at: clock.now() };
    tell(hooks.fault, lastFault);
  };
  let becomeReady: () => void = () => {};
  let neverReady: (error: Error) => void = () => {};
  const ready = new Promise<void>((resolve, reject) => {
    becomeReady = resolve;
    neverReady = reject;
  });
  // Nobody has to ask.
  ready.catch(() => {});
  const noteLease = () => {
    const held = watch.mirror()?.holdsLease() === true;
    if (held) {
      wasReady = true;
      becomeReady();
    }
    if (held !== heldLease) tell(hooks.lease, held);
    heldLease = held;
  };

  const latestTime = createLatestTime(clock, () => {});
  const common = { ...settings, clock, latestTime, contract: loadContract(), onFault };
  const questions = createQuestions({ ...common, random, preferred: () => watch.address() });
  const confirm = createConfirmation({ find: (subjects) => questions.find(subjects), clock });
  const onLease = () => {
    questions.wake();
    noteLease();
  };
  const watch = openWatch({ ...common, random, confirm, importKeys: createKeyImport(), onLease });
  const verification = createVerification({ ...common, questions, mirror: () => watch.mirror() });
  // The end of a lease tells nobody.
  const cancelLook = clock.every(guardLimits.leaseLookMilliseconds, noteLease);
  const letGo = keepAlive();

  const close = async () => {
    verification.close();
    cancelLook();
    neverReady(new Error('the guard was closed before it had a lease'));
    const left = watch.close();
    questions.close();
    if (heldLease) tell(hooks.lease, false);
    await left;
    letGo();
  };

  return {
    verify: verification.verify,
    ready: () => ready,
    state() {
      const mirror = watch.mirror();
      const { entries = 0, bytes = 0 } = mirror?.denyList.stats() ?? {};
      return {
        status: statusOf({ closed: closing !== undefined, held: mirror?.holdsLease() === true, wasReady }),
        leaseMs: mirror?.lease.remainingMs() ?? 0,
        authority: watch.address()?.text,
        nodeId: mirror?.nodeId,
        revocations: entries,
        revocationBytes: bytes,
        keys: mirror?.keys.size() ?? 0,
        keysAgeMs: mirror?.keys.ageMs() ?? Number.POSITIVE_INFINITY,
        rememberedTokens: verification.rememberedTokens(),
        counts: { ...verification.counts(), faults: { ...faults } },
        lastFault,
      };
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function statusOf({ closed, held, wasReady }: { closed: boolean; held: boolean; wasReady: boolean }) {
  if (closed) return 'closed';
  if (held) return 'leased';
  return wasReady ? 'no_lease' : 'not_ready';
}
