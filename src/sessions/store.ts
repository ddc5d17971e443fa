import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { EndReason, Session, SessionContext } from './session.ts';

/** A session as a refresh sees it: with what its user's row says at the same moment. */
export interface SessionWithUser extends Session {
  readonly user: { readonly tokenVersion: number; readonly disabled: boolean };
}

/** What is not set selects nothing away. Times are milliseconds since the Unix epoch. */
export interface SessionFilter {
  readonly userId?: UserId;
  readonly clientId?: string;
  readonly createdBefore?: number;
  readonly createdFrom?: number;
  /** From which it was used last. */
  readonly ip?: string;
}

/**
 * Which sessions to end. Canaries are meant only where they are named by their ids. `onlyEnded`: of those, only those that have ended, to bring that into effect again. `newBefore`: the
 * same, and those that have not ended but began before.
 */
export type SessionSelection =
  | { readonly sessionIds: readonly SessionId[] }
  | { readonly userId: UserId; readonly except?: SessionId; readonly onlyEnded?: boolean }
  /** Of the user's live ones all but the newest `newest`. */
  | { readonly userId: UserId; readonly allButNewest: number }
  /** Those in a range for which everything that the filter says holds. */
  | { readonly matching: SessionFilter; readonly range: SessionRange; readonly newBefore?: number }
  /** Those in a range with live access tokens that may have been signed with this key. */
  | { readonly signedWith: string; readonly range: SessionRange };

/** By id: after `after` up to and with `last`; undefined is no bound. */
export interface SessionRange {
  readonly after: SessionId | undefined;
  readonly last: SessionId | undefined;
}

export interface EndedSession {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly accessExpiresAt: number;
  /** False when it was not live any more, and only its access tokens could still be. */
  readonly newlyEnded: boolean;
}

/** The secret of a session, to be sealed again. */
export type SealedSession = Pick<Session, 'id' | 'sealedSecret'>;

export type NewSession = Omit<
  Session,
  'generation' | 'rotatedAt' | 'graceRepeats' | 'endedAt' | Exclude<keyof SessionContext, 'deviceId'>
>;

export interface SessionStore {
  /** `signingKid`: the key that will sign the first access token. */
  create(session: NewSession, signingKid: string): Promise<void>;
  find(id: SessionId): Promise<SessionWithUser | undefined>;
  /** What each was used with last, of those that said so. */
  userAgents(ids: readonly SessionId[]): Promise<ReadonlyMap<SessionId, string>>;
  /** The user's sessions that are alive at `now`, newest first, those before `before` only. */
  list(userId: UserId, page: { now: number; limit: number; before?: SessionId }): Promise<readonly Session[]>;
  /**
   * Ends the selected sessions, and answers each that was live or whose access tokens could still be live at `now`, those
   * included that had ended before: a caller whose first answer was lost brings them into effect again.
   */
  end(selection: SessionSelection, reason: EndReason, now: number): Promise<readonly EndedSession[]>;
  /** How many of the selected sessions `end` would newly end. */
  count(selection: SessionSelection, now: number): Promise<number>;
  /**
   * The range of the next `rows` sessions, of all or of one user, whatever they are: there may be very many of which few
   * are looked for, and no statement should walk them all.
   */
  nextRange(after: SessionId | undefined, rows: number, userId?: UserId): Promise<SessionRange>;
  /** Sessions in the range whose secret was sealed with another key than values that begin with `header`. */
  listSealedOtherwise(header: Uint8Array, range: SessionRange): Promise<readonly SealedSession[]>;
  /** Replaces the sealed form of a secret that is otherwise unchanged. */
  reseal(session: SealedSession): Promise<void>;
  /**
   * Another secret: no refresh token of before is one of ours any more. The generation goes on, so that a refresh that is under way
   * with one loses.
   */
  replaceSecret(session: SealedSession): Promise<void>;
  /** Of all sessions of the user, removes what tells of the person: devices, programs and addresses. */
  forgetPersonal(userId: UserId): Promise<void>;
  /**
   * Deletes at most `limit` sessions that ended or expired longer than `retentionMs` ago, and of which no access token can be live any
   * more, nor the revocation of one; answers how many. By the earlier of `now` and the store's clock. Waits for nobody.
   */
  deleteFinished(retentionMs: number, now: number, limit: number): Promise<number>;
  /** A canary that has ended lives again, for another round, until `expiresAt`. */
  reopen(id: SessionId, tokenVersion: number, expiresAt: number): Promise<void>;
  /** Lets one session go on under a new token version of its user. */
  setTokenVersion(id: SessionId, tokenVersion: number): Promise<void>;
}
