/**
 * A guard: verifies access tokens in the memory of the service it protects. Once a logout returns, the guard rejects that
 * session's tokens. Owns the copy of the deny-list, the keys and the lease. Does not own what a service does with a caller.
 */

import { type Clock, keepAlive, systemClock } from '@countersign/verifier/clock';
import { loadDefinitions } from '@countersign/verifier/contract/definitions';
import { createConfirmation } from '@countersign/verifier/revocation/confirmation';
import { createLatestTime } from '@countersign/verifier/steadyTime';
import { type GuardFault, tell } from './hooks.ts';
import { guardLimits } from './limits.ts';
import { type GuardOptions, readOptions } from './options.ts';
import type { GuardCounts } from './outcomes.ts';
import { createQuestions } from './questions.ts';
import { createReadiness } from './readiness.ts';
import { createKeyImport } from './subscriberKeys.ts';
import { createVerification } from './verification.ts';
import type { Verify } from './verify.ts';
import { openWatch } from './watch.ts';

export interface GuardState {
  /**
   * - `not_ready`: there has been no lease yet.
   * - `leased`: tokens are verified in memory.
   * - `no_lease`: the authority is asked about each token, or all are refused; see `withoutLease`.
   * - `closed`: everything is refused.
   */
  readonly status: 'not_ready' | 'leased' | 'no_lease' | 'closed';
  /** Remaining lease; 0 without one. */
  readonly leaseMs: number;
  /** The stream's address, as in the options; undefined without a stream. */
  readonly authority: string | undefined;
  /** The node's id; new for each run of a node. */
  readonly nodeId: string | undefined;
  /** Live revocations and the memory they use. */
  readonly revocations: number;
  readonly revocationBytes: number;
  readonly keys: number;
  /** Infinity without keys. */
  readonly keysAgeMs: number;
  readonly rememberedTokens: number;
  readonly counts: GuardCounts & { readonly faults: Readonly<Record<GuardFault['kind'], number>> };
  readonly lastFault: GuardFault | undefined;
}

export interface Guard {
  readonly verify: Verify;
  /** Resolves with the first lease; rejects when the guard closes first. */
  ready(): Promise<void>;
  state(): GuardState;
  /** Drops the lease, tells the authority, and releases all timers and sockets. Everything is refused from then on. */
  close(): Promise<void>;
}

/** Replaced by tests. */
export interface GuardSurroundings {
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** Connects in the background at once. Throws `GuardOptionsError`. */
export function openGuard(options: GuardOptions, surroundings: GuardSurroundings = {}): Guard {
  const settings = readOptions(options);
  const { clock = systemClock, random = Math.random } = surroundings;
  const { hooks } = settings;
  const faults = { lost: 0, tls: 0, refused: 0, protocol: 0, question: 0 };
  let lastFault: GuardFault | undefined;
  let closing: Promise<void> | undefined;

  const onFault = (fault: Omit<GuardFault, 'at'>) => {
    faults[fault.kind] += 1;
    lastFault = { ...fault, at: clock.now() };
    tell(hooks.fault, lastFault);
  };
  const latestTime = createLatestTime(clock, () => {});
  const common = { ...settings, clock, latestTime, contract: loadDefinitions(), onFault };
  const questions = createQuestions({ ...common, random, preferred: () => watch.address() });
  const confirm = createConfirmation({ find: (subjects) => questions.find(subjects), clock });
  const onLease = () => {
    questions.wake();
    readiness.look();
  };
  const watch = openWatch({ ...common, random, confirm, importKeys: createKeyImport(), onLease });
  const verification = createVerification({ ...common, questions, mirror: () => watch.mirror() });
  const holdsLease = () => watch.mirror()?.holdsLease() === true;
  const readiness = createReadiness({ holdsLease, onChange: (held) => tell(hooks.lease, held) });
  // The end of a lease triggers nothing, so check regularly.
  const cancelLook = clock.every(guardLimits.leaseLookMilliseconds, readiness.look);
  const letGo = keepAlive();

  const close = async () => {
    verification.close();
    cancelLook();
    const left = watch.close();
    questions.close();
    readiness.close();
    await left;
    letGo();
  };

  return {
    verify: verification.verify,
    ready: readiness.ready,
    state() {
      const mirror = watch.mirror();
      const { entries = 0, bytes = 0 } = mirror?.denyList.stats() ?? {};
      return {
        status: closing === undefined ? readiness.status() : 'closed',
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
