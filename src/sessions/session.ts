/**
 * Sessions: one login on one device, one permanent row. Owns what a session is and its family of refresh tokens. Does not own
 * users, access tokens or revocations; operations bring them together.
 */
import type { FactorId, SessionId, UserId } from '@countersign/verifier/ids';
import type { doubtfulAcr } from '@countersign/verifier/tokens/bearerToken';

/** Why a session ended; also the reason of its revocation. */
export const endReasons = [
  'logout',
  'logout_all',
  'session_ended',
  'password_changed',
  'user_disabled',
  'refresh_replayed',
  'revoked',
  'key_revoked',
  'session_limit',
  'context_changed',
  'user_deleted',
  'canary',
  'restored',
  'factor_removed',
  'passkey_cloned',
  'recovered',
  'not_me',
  'rights',
  'client_disabled',
  'code_replayed',
  'consent_withdrawn',
] as const;
export type EndReason = (typeof endReasons)[number];

/**
 * Authentication context class (OpenID Connect Core §2): one factor, or two; a passkey with user verification is two. `0`: the
 * session's use is in doubt until its user steps up.
 */
export type Acr = '1fa' | '2fa' | typeof doubtfulAcr;

/** `client_id` of sessions that the authority's own HTTP interface starts. */
export const firstPartyClient = 'first-party';

/** What is known of a request's origin. */
export interface ClientContext {
  readonly userAgent: string | undefined;
  readonly ip: string | undefined;
  /** The client's name for its device, constant per installation. */
  readonly deviceId: string | undefined;
}

/** A user, by the session of the token that was sent. */
export interface Caller {
  readonly userId: UserId;
  readonly sessionId: SessionId;
}

/** What is kept of where and with what a session was used; see `context.ts`. */
export interface SessionContext {
  readonly deviceId: string | undefined;
  /** The last address in another network, and when it was last used. */
  readonly otherIp: string | undefined;
  readonly otherIpAt: number | undefined;
  /** The current run of rotations that each came soon after the last. */
  readonly quickRefreshes: number;
  /** The latest noted signals, and when. */
  readonly contextSignals: readonly string[];
  readonly contextScore: number;
  readonly contextChangedAt: number | undefined;
}

/** The key of a client: whoever uses the session proves it (RFC 9449). */
export interface BoundKey {
  /** Its thumbprint (RFC 7638). */
  readonly jkt: string;
  /** The first generation that was given to its holder. */
  readonly since: number;
}

/** All times are milliseconds since the Unix epoch. */
export interface Session extends ClientContext, SessionContext {
  readonly id: SessionId;
  readonly userId: UserId;
  /** The browser's session from which an application's was started: it ends with it. */
  readonly startedFrom?: SessionId | undefined;
  /** Others may have been started from it. */
  readonly hasStarted?: boolean;
  /** 256 random bits, sealed with KEY_ENCRYPTION_KEY. */
  readonly sealedSecret: Uint8Array;
  readonly generation: number;
  readonly rotatedAt: number | undefined;
  readonly graceRepeats: number;
  /** Undefined for a session that needs no key. */
  readonly boundKey?: BoundKey | undefined;
  readonly tokenVersion: number;
  /** How often rights were taken away from it. */
  readonly rightsEpoch: number;
  readonly clientId: string;
  readonly scope: string;
  /** What was authorized: its tokens are for no other audience. Undefined: for any. */
  readonly audience?: string | undefined;
  readonly amr: readonly string[];
  readonly acr: Acr;
  /** Factors proved for the session; when one is removed, the session ends. */
  readonly openedBy: readonly FactorId[];
  readonly authTime: number;
  readonly deviceName: string | undefined;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly idleExpiresAt: number;
  readonly expiresAt: number;
  /** The latest `exp` of the session's access tokens. */
  readonly accessExpiresAt: number;
  readonly endedAt: number | undefined;
}

/**
 * Whether the key that was proved is enough for this generation. One from before the session had a key needs none: whoever gave
 * the session a key may have stolen it.
 */
export function holdsKey(
  { boundKey }: Pick<Session, 'boundKey'>,
  generation: number,
  jkt: string | undefined,
): boolean {
  return boundKey === undefined || generation < boundKey.since || jkt === boundKey.jkt;
}

/** When an unused session ends. */
export function sessionExpiry(session: Pick<Session, 'idleExpiresAt' | 'expiresAt'>): number {
  return Math.min(session.idleExpiresAt, session.expiresAt);
}
