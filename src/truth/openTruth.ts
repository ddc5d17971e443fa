/**
 * Whether the database can be trusted, and what follows when it cannot: doubts, earlier sightings, and the canary. Built in two
 * steps: before anything is read, and when there is a way to read.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Database } from '../database.ts';
import type { FaultLog } from '../platform/observability/faultLog.ts';
import type { Log } from '../platform/observability/log.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import { startPoller } from '../platform/poller.ts';
import type { OnCanary } from '../revocation/propagation/announcementListener.ts';
import type { WatchedDatabase } from '../revocation/propagation/catchingUp.ts';
import type { Reading } from '../revocation/propagation/openPropagation.ts';
import type { RefreshTokens } from '../sessions/refreshToken.ts';
import type { DatabaseSetting } from '../storage/databaseState.ts';
import type { AccessTokenIssuer } from '../tokens/accessToken.ts';
import { truthLimits } from './limits.ts';
import { type Canary, createCanary, createPeerCheck } from './proveTruth.ts';
import type { SightingStore } from './sighting.ts';
import { createTruth, type Doubt, isForOperator, type Truth } from './truth.ts';
import { createVerifyTruth, type WatchedTruth } from './verifyTruth.ts';

interface Parts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
  readonly database: Database;
  readonly deployment: string;
  readonly sightings: (nodeId: string) => readonly SightingStore[];
  /** The setting that locates the database. */
  readonly setting: DatabaseSetting;
  readonly closing: (() => Promise<void>)[];
}

export interface OpenedTruth {
  readonly truth: Truth;
  /** New for each run. */
  readonly nodeId: string;
  readonly watched: WatchedDatabase & WatchedTruth;
  readonly onCanary: OnCanary;
  /** The last round that found what it wrote; undefined before the first one. */
  readonly lastCanary: () => CanaryRound | undefined;
  /**
   * Writes to the database and reads it back; after the first call this repeats on a timer. The result is in `truth.doubt`.
   * Rejects when the database cannot be reached.
   */
  prove(parts: CanaryParts): Promise<void>;
  /** Resolves when the database is proved and trusted; after a doubt it is proved once more. */
  proveBeforeServing(parts: CanaryParts): Promise<void>;
}

export interface CanaryRound {
  /** On the wall clock. */
  readonly at: number;
  readonly milliseconds: number;
}

export interface CanaryParts {
  readonly reading: Reading;
  readonly refreshTokens: Pick<RefreshTokens, 'newSealedSecret'>;
  readonly accessTokens: Pick<AccessTokenIssuer, 'expiry'>;
}

export async function openTruth(parts: Parts): Promise<OpenedTruth> {
  const { clock, log, metrics, onFault, database, deployment, setting, closing } = parts;
  const nodeId = randomUUID();
  let dropLease = () => {};
  let canary: Canary | undefined;
  let lastCanary: CanaryRound | undefined;
  const truth = createTruth({
    clock,
    onChange(doubt) {
      if (doubt !== undefined) dropLease();
      tell(log, doubt, setting);
    },
  });
  showTrust(metrics, truth);
  const verified = createVerifyTruth({
    ...{ database, deployment, truth, clock, stores: parts.sightings(nodeId) },
    onDecided: () => canary?.startOver(),
    onFault: (error) => onFault('sightings', error),
  });
  closing.push(verified.close);

  const startCanary = async ({ reading, refreshTokens, accessTokens }: CanaryParts): Promise<Canary> => {
    dropLease = reading.dropLease;
    verified.keep();
    const made = createCanary({
      ...{ database, truth, clock, readers: reading.canaryReaders, position: reading.position },
      newSealedSecret: refreshTokens.newSealedSecret,
      accessExpiry: accessTokens.expiry,
      announce: reading.announceCanary,
      onCommitted: verified.onCanary,
    });
    canary = made;
    const round = async () => {
      // Also finds a decision made on another node.
      await verified.verify();
      // A database known to be older needs no proof.
      const began = clock.monotonic();
      if (!isForOperator(truth.doubt())) await made.round();
      if (truth.trusted()) lastCanary = { at: clock.now(), milliseconds: clock.monotonic() - began };
      return truth.trusted() ? truthLimits.canaryMilliseconds : truthLimits.canaryDoubtMilliseconds;
    };
    const firstMs = await round();
    const stop = startPoller({
      ...{ clock, firstMs, retryMs: truthLimits.canaryDoubtMilliseconds, run: round },
      onFault: (error) => onFault('canary', error),
    });
    closing.push(async () => {
      await stop();
      // The next start looks for the last sighting.
      const late = () => new AuthorityError('unavailable', { reason: 'canary' });
      await withDeadline(clock, truthLimits.lastCanaryMilliseconds, round(), late).catch(() => {});
    });
    return made;
  };

  let started: Promise<Canary> | undefined;
  let doubted = false;
  const prove = async (canaryParts: CanaryParts): Promise<void> => {
    if (started !== undefined) return (await started).round();
    started = startCanary(canaryParts);
    await started;
    doubted = !truth.trusted();
  };

  return {
    truth,
    nodeId,
    lastCanary: () => lastCanary,
    watched: { ...verified, trusted: truth.trusted },
    onCanary: createPeerCheck({
      ...{ find: database.revocations.find, truth, clock },
      onFault: (error) => onFault('canary', error),
    }),

    prove,
    async proveBeforeServing(canaryParts) {
      if (started === undefined) await prove(canaryParts);
      await truth.whenTrusted();
      if (doubted) await prove(canaryParts);
      await truth.whenTrusted();
    },
  };
}

function showTrust(metrics: Metrics, truth: Truth): void {
  metrics.gauge(
    'countersign_database_trusted',
    '0 while the database contradicts what was written to it, or is older.',
    () => Number(truth.trusted()),
  );
}

/** Logs one line per change, for the operator. */
function tell(log: Log, doubt: Doubt | undefined, setting: DatabaseSetting): void {
  if (doubt === undefined) log.info('the database is trusted again; everything is served');
  else log.error({ kind: doubt.kind }, describeDoubt(doubt, setting));
}

const decision =
  'Run `countersign restored`: every token issued before is refused and everybody signs in again; or --keep-sessions, if sessions that ended since may come back.';

export function describeDoubt({ kind, what }: Doubt, setting: DatabaseSetting): string {
  const advice = {
    contradiction: 'Nothing is served until it ends.',
    older: `It is older than what was seen (a restored backup? two data folders?), and nothing is served. ${decision}`,
    other: `Nothing is served. Correct ${setting}, or use another DATA_DIR; if this database is meant to take the place of the other: ${decision}`,
  }[kind];
  return `${setting}: ${what}. ${advice}`;
}
