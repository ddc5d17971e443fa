/**
 * Sessions: one login on one device, one row for ever. Owns what a session is, its refresh-token family and the rule
 * that judges a presented refresh token. Does not own users, access tokens or revocations; flows bring them together.
 */
import type { SessionId, UserId } from '@countersign/verifier/ids';

/** Why a session ended; also the reason of the revocation that ends its access tokens. */
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
] as const;
export type EndReason = (typeof endReasons)[number];

/** Where a request came from, as far as it tells. */
export interface ClientContext {
  readonly userAgent: string | undefined;
  readonly ip: string | undefined;
  /** What the client calls the device it runs on; the same for as long as it is installed there. */
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
  /** The last address in another network than the one of now, and when it was used last. */
  readonly otherIp: string | undefined;
  readonly otherIpAt: number | undefined;
  /** Rotations of late that each came soon after the one before. */
  readonly quickRefreshes: number;
  /** What was noted last, and when. */
  readonly contextSignals: readonly string[];
  readonly contextScore: number;
  readonly contextChangedAt: number | undefined;
}

/** All times are milliseconds since the Unix epoch. */
export interface Session extends ClientContext, SessionContext {
  readonly id: SessionId;
  readonly userId: UserId;
  /** 256 random bits under KEY_ENCRYPTION_KEY. */
  readonly sealedSecret: Uint8Array;
  readonly generation: number;
  readonly rotatedAt: number | undefined;
  readonly graceRepeats: number;
  readonly tokenVersion: number;
  readonly clientId: string;
  readonly scope: string;
  readonly amr: readonly string[];
  readonly authTime: number;
  readonly deviceName: string | undefined;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly idleExpiresAt: number;
  readonly expiresAt: number;
  /** The latest `exp` of any access token minted in this session. */
  readonly accessExpiresAt: number;
  readonly endedAt: number | undefined;
}

/** When the session ends by itself if nobody uses it again. */
export function sessionExpiry(session: Pick<Session, 'idleExpiresAt' | 'expiresAt'>): number {
  return Math.min(session.idleExpiresAt, session.expiresAt);
}
