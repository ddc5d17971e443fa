import type { FactorId, ServiceId, SessionId, UserId } from '@countersign/verifier/ids';
import type { RightsFacts } from '../rights/rights.ts';
import type { SessionFacts } from './lookUp/facts.ts';
import type { EarlierClient } from './newDevice.ts';
import type { EndReason, Session, SessionContext } from './session.ts';

/** A session with its user's row, read at one moment. */
export interface SessionWithUser extends Session {
  readonly user: { readonly tokenVersion: number; readonly disabled: boolean };
}

export interface SessionWithRights extends SessionWithUser {
  readonly rights: RightsFacts;
}

export interface RightsTaken extends Pick<Session, 'id' | 'rightsEpoch' | 'accessExpiresAt'> {
  /** Of a session that had ended: its tokens may not be refused everywhere yet. */
  readonly endReason: EndReason | undefined;
}

/** Unset fields match everything. Times are milliseconds since the Unix epoch. */
export interface SessionFilter {
  readonly userId?: UserId;
  readonly clientId?: string;
  readonly createdBefore?: number;
  readonly createdFrom?: number;
  /** The address of the last use. */
  readonly ip?: string;
}

/**
 * Sessions to end. Canaries match only by id. `onlyEnded`: only ended sessions, to propagate them again. `newBefore`: ended
 * sessions, and live ones that began earlier.
 */
export type SessionSelection =
  | { readonly sessionIds: readonly SessionId[] }
  /** Sessions of applications that were started from these. */
  | { readonly startedFrom: readonly SessionId[] }
  /** All sessions of these users, and the own ones of these clients. */
  | { readonly subjects: readonly Subject[] }
  | { readonly userId: UserId; readonly except?: SessionId; readonly onlyEnded?: boolean }
  /** The user's live sessions except the newest `newest`. */
  | { readonly userId: UserId; readonly allButNewest: number; readonly except?: SessionId }
  /** The user's sessions for which this factor was proved. */
  | { readonly userId: UserId; readonly openedBy: FactorId }
  /** Sessions in the range that match the filter. */
  | { readonly matching: SessionFilter; readonly range: SessionRange; readonly newBefore?: number }
  /** Sessions in the range with live access tokens that this key may have signed. */
  | { readonly signedWith: string; readonly range: SessionRange };

/** `sub` of tokens: a user's id, or that of a client. */
export type Subject = UserId | ServiceId;

/** Ids after `after`, up to and including `last`; undefined means no bound. */
export interface SessionRange {
  readonly after: SessionId | undefined;
  readonly last: SessionId | undefined;
}

export type SelectInRange = (range: SessionRange) => SessionSelection;

export interface EndedSession {
  readonly id: SessionId;
  /** Undefined for a client's own session. */
  readonly userId: UserId | undefined;
  /** Sessions of applications may have been started from it: they have to end, too. */
  readonly hasStarted: boolean;
  /** A message to its client waits in the outbox. */
  readonly clientIsTold: boolean;
  readonly accessExpiresAt: number;
  /** False when the session had ended before and only its access tokens may be live. */
  readonly newlyEnded: boolean;
}

/** A session's secret, for resealing. */
export type SealedSession = Pick<Session, 'id' | 'sealedSecret'>;

export type NewSession = Omit<
  Session,
  'generation' | 'rotatedAt' | 'graceRepeats' | 'endedAt' | Exclude<keyof SessionContext, 'deviceId'>
> &
  /** What was unusual about the login. */
  Partial<Pick<SessionContext, 'contextSignals' | 'contextScore' | 'contextChangedAt'>>;

export interface SessionStore {
  /** `signingKid`: the key for the first access token. */
  create(session: NewSession, signingKid: string): Promise<void>;
  find(id: SessionId): Promise<SessionWithUser | undefined>;
  /** Also what its user may do at the session's audience, or else at this one, read at the same moment as the rights epoch. */
  findWithRights(id: SessionId, audience: string): Promise<SessionWithRights | undefined>;
  /** For a look-up; undefined for one that ended, or whose user or client no longer is good for it. */
  lookUp(id: SessionId): Promise<SessionFacts | undefined>;
  /** Until the end of the transaction nobody else changes the session. */
  lock(id: SessionId): Promise<void>;
  /**
   * Raises the rights epoch of the selected sessions that are live; returns the epoch of before. Also returns those that ended and
   * whose access tokens may be live.
   */
  takeRights(selection: SessionSelection, now: number): Promise<readonly RightsTaken[]>;
  /** The last user agent of each session that has one. */
  userAgents(ids: readonly SessionId[]): Promise<ReadonlyMap<SessionId, string>>;
  /** The user's sessions alive at `now`, newest first, only those before `before`. */
  list(userId: UserId, page: { now: number; limit: number; before?: SessionId }): Promise<readonly Session[]>;
  /** Live sessions of all users that match, newest (`desc`) or oldest first; only those that come after `after`. */
  search(
    filter: SessionFilter,
    page: { now: number; limit: number; way: 'asc' | 'desc'; after?: SessionId | undefined },
  ): Promise<readonly Session[]>;
  /** What ending all that match would end, in parts. Counts no more sessions than asked for: else it would read all of them. */
  preview(
    filter: SessionFilter,
    now: number,
    most: { readonly parts: number; readonly sessions: number },
  ): Promise<SessionPreview>;
  /** Where and with what the user's last `limit` sessions were used, newest first; ended ones too, while they are kept. */
  recentClients(userId: UserId, limit: number): Promise<readonly EarlierClient[]>;
  /**
   * Ends the selected sessions. Returns each that was live, or whose access tokens may be live at `now`, including those that
   * ended before: a caller whose first answer was lost propagates them again.
   */
  end(selection: SessionSelection, reason: EndReason, now: number): Promise<readonly EndedSession[]>;
  /** How many sessions `end` would newly end. */
  count(selection: SessionSelection, now: number): Promise<number>;
  /** The range of the next `rows` sessions. */
  nextRange(after: SessionId | undefined, rows: number): Promise<SessionRange>;
  /**
   * The range of the next `rows` sessions that are selected at `now`. Fewer, perhaps none, where they are rare: no statement scans the
   * whole table.
   */
  nextSelected(
    select: SelectInRange,
    after: SessionId | undefined,
    page: { readonly rows: number; readonly now: number },
  ): Promise<SessionRange>;
  /** Sessions in the range whose secret is sealed with another key than values beginning with `header`. */
  listSealedOtherwise(header: Uint8Array, range: SessionRange): Promise<readonly SealedSession[]>;
  /** Stores the resealed form of an unchanged secret. */
  reseal(session: SealedSession): Promise<void>;
  /** Stores a new secret: earlier refresh tokens become invalid. The generation advances, so that a refresh in flight fails. */
  replaceSecret(session: SealedSession): Promise<void>;
  /** Removes personal data from all of the user's sessions: devices, programs and addresses. */
  forgetPersonal(userId: UserId): Promise<void>;
  /**
   * Deletes at most `limit` sessions that ended or expired longer than `retentionMs` ago and have no live access token or
   * revocation; returns how many. Uses the earlier of `now` and the store's clock. Never waits for locks.
   */
  deleteFinished(retentionMs: number, now: number, limit: number): Promise<number>;
  /** Reopens an ended canary for another round, until `expiresAt`. */
  reopen(id: SessionId, tokenVersion: number, expiresAt: number): Promise<void>;
  /**
   * Notes that another session is started from this one, and locks it until the end of the transaction. False when it is no longer
   * live.
   */
  noteStart(id: SessionId, now: number): Promise<boolean>;
  /** The same user logged in again in this browser: what was started from `before` belongs to `id`, which is created next. */
  moveStarted(before: SessionId, id: SessionId): Promise<boolean>;
  /** Moves one session to its user's new token version. */
  setTokenVersion(id: SessionId, tokenVersion: number): Promise<void>;
  /**
   * Notes another proof by the session's user, and the key of the access token that follows. False when the session or its user
   * is no longer good for tokens. Leaves the refresh token as it is.
   */
  stepUp(id: SessionId, proof: SteppedUp): Promise<boolean>;
}

/** Live sessions, in parts: the greatest first, at most as many as asked for. */
export interface SessionPreview {
  readonly sessions: number;
  /** Others match, too, and were not counted. */
  readonly more: boolean;
  readonly users: number;
  readonly byClient: readonly SessionCount[];
  /** In CIDR notation; empty for sessions without an address. */
  readonly byNetwork: readonly SessionCount[];
  /** `hour`, `day`, `week`, `month` or `older`. */
  readonly byAge: readonly SessionCount[];
}

export interface SessionCount {
  readonly name: string;
  readonly sessions: number;
}

export interface SteppedUp
  extends Pick<Session, 'authTime' | 'acr' | 'amr' | 'openedBy' | 'accessExpiresAt'> {
  readonly now: number;
  readonly signingKid: string;
}
