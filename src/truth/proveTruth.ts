/**
 * The canary: a session of a reserved user that each node refreshes and ends repeatedly, through the same statements as all
 * sessions, and then reads back over each kind of connection. It shows that a node reads what it writes: a wrong time zone, a
 * second set of tables, another database or deleted rows fail it.
 */

import type { Clock } from '@countersign/verifier/clock';
import { type SessionId, uuidBytes } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { CommitMark, Position } from '@countersign/verifier/revocation/position';
import { canaryReason, type Revocation, revokedUntil } from '@countersign/verifier/revocation/revocation';
import type { Email } from '../accounts/email.ts';
import type { AuditEvent } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import { newId } from '../platform/newId.ts';
import type { SessionWithUser } from '../sessions/store.ts';
import { canaryEmail, canaryUserId } from './canary.ts';
import { truthLimits } from './limits.ts';
import { isForOperator, type Truth } from './truth.ts';

/** One kind of connection, with its own predicate for reading revocations. */
export interface CanaryReader {
  /** Completes "read … it". */
  readonly how: string;
  /** `since`: the node's position before the canary was written. */
  find(subject: Uint8Array, since: Position | undefined): Promise<Revocation | undefined>;
}

export interface CanaryParts {
  readonly database: Pick<Database, 'users' | 'sessions' | 'refreshes' | 'logouts' | 'revocations'>;
  readonly readers: readonly CanaryReader[];
  readonly truth: Pick<Truth, 'cast' | 'clear' | 'doubt'>;
  /** The node's position; undefined for a reader without positions. */
  readonly position: () => Position | undefined;
  readonly newSealedSecret: (id: SessionId) => Uint8Array;
  /** The `exp` of an access token issued now, in milliseconds. */
  readonly accessExpiry: (now: number) => number;
  /** Announces the canary to other nodes; each looks for it in its own database. */
  readonly announce: (revocation: Revocation, history: string) => void;
  /** The canary is committed: a database without it is older than what was seen. */
  readonly onCommitted: (canary: CommittedCanary) => void;
  readonly clock: Pick<Clock, 'now'>;
}

export interface CommittedCanary {
  readonly sessionId: SessionId;
  readonly generation: number;
  readonly mark: CommitMark;
}

export interface Canary {
  /** One round. Rejects when the database cannot be reached, which proves nothing. */
  round(): Promise<void>;
  /** Starts the next round with a new session: the operator decided that the old one may be missing. */
  startOver(): void;
}

/** The last round's writes. */
interface Last {
  readonly sessionId: SessionId;
  readonly generation: number;
  readonly endedAt: number;
  readonly accessExpiresAt: number;
}

/** A value read differs from the value written. */
class Contradiction extends Error {
  override readonly name = 'Contradiction';
}

/** A written row is missing. */
class Missing extends Error {
  override readonly name = 'Missing';
}

const source = 'canary';

export function createCanary(parts: CanaryParts): Canary {
  const { truth } = parts;
  let last: Last | undefined;
  /** This run's session. */
  let sessionId: SessionId | undefined;
  /** True when the last round was interrupted: it may have written more than is known. */
  let cutShort = false;
  let startedOver = 0;

  const prove = async () => {
    sessionId ??= newId<SessionId>(parts.clock.now());
    const session =
      last === undefined ? await begin(parts, sessionId) : await findAgain(parts, last, cutShort);
    cutShort = true;
    last = await writeAndRead(parts, session);
    cutShort = false;
  };

  const doubt = (finding: Contradiction | Missing) => {
    // A manual change persists: the next round continues from what it finds.
    if (finding instanceof Contradiction) last = undefined;
    const kind = finding instanceof Missing ? 'older' : 'contradiction';
    truth.cast(source, { kind, what: `the database ${finding.message}` });
  };

  return {
    async round() {
      const began = startedOver;
      try {
        // A concurrent change is no contradiction; one that shows twice is.
        await prove().catch((error) => (isFinding(error) ? prove() : Promise.reject(error)));
        if (!isForOperator(truth.doubt())) truth.clear(source);
      } catch (error) {
        if (!isFinding(error)) throw error;
        // Unless an operator decided meanwhile.
        if (began === startedOver) doubt(error);
      }
    },
    startOver() {
      last = undefined;
      sessionId = undefined;
      cutShort = false;
      startedOver += 1;
      truth.clear(source);
    },
  };
}

function isFinding(error: unknown): error is Contradiction | Missing {
  return error instanceof Contradiction || error instanceof Missing;
}

/** Finds or creates the session. */
async function begin(
  { database, clock, newSealedSecret }: CanaryParts,
  id: SessionId,
): Promise<SessionWithUser> {
  const now = clock.now();
  const existing = await database.sessions.find(id);
  if (existing !== undefined) {
    // Somebody may have disabled all users by hand.
    await database.users.enable(canaryUserId);
    return existing;
  }
  await database.users.create({ id: canaryUserId, email: canaryEmail as Email, passwordHash: '' }, now);
  const session = {
    ...{ id, userId: canaryUserId, sealedSecret: newSealedSecret(id), tokenVersion: 0, rightsEpoch: 0 },
    ...({ clientId: canaryReason, scope: '', amr: [], acr: '1fa', openedBy: [] } as const),
    ...{ authTime: now, createdAt: now, lastUsedAt: now },
    ...{ deviceName: undefined, userAgent: undefined, ip: undefined, deviceId: undefined },
    ...{ idleExpiresAt: now, expiresAt: now, accessExpiresAt: now },
  };
  await database.sessions.create(session, canaryReason);
  const found = await database.sessions.find(id);
  if (found === undefined) throw new Contradiction('does not show a session that was written to it');
  return found;
}

/** Everything from the last round must still be there; after an interrupted round, at least that. */
async function findAgain(
  { database, clock }: CanaryParts,
  last: Last,
  cutShort: boolean,
): Promise<SessionWithUser> {
  const session = await database.sessions.find(last.sessionId);
  if (session === undefined) throw new Missing('lost a session that was written to it');
  if (session.generation < last.generation) throw new Missing('lost what was written to a session');
  if (!cutShort) {
    requireSame('the generation of a session', session.generation, last.generation);
    requireSame('the end of a session', session.endedAt, last.endedAt);
    requireSame('when an access token expires', session.accessExpiresAt, last.accessExpiresAt);
  }
  const revocation = revocationOf(last);
  // Expired rows are deleted.
  if (revocation.expiresAt > clock.now() + verifierLimits.clockSkewSeconds * 1000) {
    const [found] = await database.revocations.find([revocation.subject]);
    if (found === undefined || (cutShort && found.expiresAt < revocation.expiresAt))
      throw new Missing('lost a revocation that was written to it');
    if (!cutShort) requireSame('when a revocation expires', found.expiresAt, revocation.expiresAt);
  }
  return session;
}

async function writeAndRead(parts: CanaryParts, session: SessionWithUser): Promise<Last> {
  const { database, clock } = parts;
  const { id: sessionId, generation } = session;
  const now = clock.now();
  const since = parts.position();
  await database.sessions.reopen(
    sessionId,
    session.user.tokenVersion,
    now + truthLimits.canaryKeptMilliseconds,
  );
  // Never lowers an expiry, which a clock set back would do.
  const accessExpiresAt = Math.max(parts.accessExpiry(now), session.accessExpiresAt);
  const use = {
    ...{ now, userAgent: undefined, ip: undefined, context: session, signingKid: canaryReason, events: [] },
    ...{ accessExpiresAt, idleExpiresAt: now + truthLimits.canaryKeptMilliseconds },
    rightsEpoch: session.rightsEpoch,
  };
  if (!(await database.refreshes.advance(sessionId, generation, use)))
    throw new Contradiction('did not find a session to refresh that it shows');
  const event = {
    type: 'session_ended',
    actor: { name: 'authority' },
    sessionId,
  } as const satisfies AuditEvent;
  const { ended, mark } = await database.logouts.end([event], canaryReason, now, { silent: true });
  if (mark === undefined || ended[0]?.newlyEnded !== true)
    throw new Contradiction('did not find a session to end that it shows');
  requireSame('when an access token expires', ended[0].accessExpiresAt, accessExpiresAt);
  const last = { sessionId, generation: generation + 1, endedAt: now, accessExpiresAt };
  parts.onCommitted({ ...last, mark });
  const revocation = revocationOf(last);
  for (const { how, find } of parts.readers) {
    const found = await find(revocation.subject, since);
    if (found === undefined) throw new Contradiction(`does not show a revocation to a reader ${how}`);
    requireSame(`when a revocation expires, read ${how},`, found.expiresAt, revocation.expiresAt);
  }
  parts.announce(revocation, mark.history);
  return last;
}

function revocationOf({
  sessionId,
  accessExpiresAt,
}: Pick<Last, 'sessionId' | 'accessExpiresAt'>): Revocation {
  const expiresAt = revokedUntil(accessExpiresAt);
  return { subject: uuidBytes(sessionId), reason: canaryReason, expiresAt };
}

function requireSame(what: string, read: number | undefined, written: number): void {
  if (read === written) return;
  const by = read === undefined ? 'is not there' : `differs by ${read - written}`;
  throw new Contradiction(`answers what was not written: ${what} ${by}`);
}

/**
 * Handles another node's canary: this node's database must have it. If not, the two nodes of one deployment use different
 * databases, and both must stop serving.
 */
export function createPeerCheck(parts: {
  readonly find: (subjects: readonly Uint8Array[]) => Promise<readonly Revocation[]>;
  readonly truth: Pick<Truth, 'cast' | 'clear'>;
  readonly clock: Pick<Clock, 'after' | 'now'>;
  readonly onFault: (error: unknown) => void;
}): (peer: string, revocation: Revocation) => void {
  const { find, truth, clock, onFault } = parts;
  const isThere = async ({ subject, expiresAt }: Revocation) =>
    ((await find([subject]))[0]?.expiresAt ?? 0) >= expiresAt;
  const later = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      clock.after(milliseconds, resolve);
    });
  const check = async (peer: string, revocation: Revocation) => {
    const from = `peer ${peer}`;
    // A node that was paused hears late: the row may have expired and been deleted.
    if (revocation.expiresAt <= clock.now() + verifierLimits.clockSkewSeconds * 1000) return;
    if (await isThere(revocation)) return truth.clear(from);
    // Tries again: the connection may have been to a primary that was just replaced.
    await later(truthLimits.canaryAgainMilliseconds);
    if (await isThere(revocation)) return truth.clear(from);
    const what = `the database lacks what node ${peer} wrote to its own: they are not the same`;
    // Expires by itself: a peer that is gone proves nothing.
    truth.cast(from, { kind: 'contradiction', what }, 3 * truthLimits.canaryMilliseconds);
  };
  return (peer, revocation) => void check(peer, revocation).catch(onFault);
}
