/** Takes back a token, a session or all that a user has, with effect; answers what that took. Doing it again is a success. */
import type { Origin } from '../audit/auditEvent.ts';
import { normaliseEmail } from '../authn/email.ts';
import { AuthorityError, invalidField } from '../core/errors.ts';
import { type SessionId, type UserId, uuidPattern } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import { type EffectReport, wholeHour } from '../revocation/revocation.ts';
import { externalSubject } from '../tokens/externalId.ts';
import { type Jti, parseJti } from '../tokens/jti.ts';
import { type ReadingParts, readGenuineToken } from './readToken.ts';
import { type EffectParts, type EndingStores, withEffect } from './withEffect.ts';

export type RevocationTarget =
  /** One access token, as it was issued. */
  | { readonly token: string }
  | { readonly jti: string }
  | { readonly sessionId: string }
  | { readonly userId: string }
  | { readonly email: string }
  /** A token of an earlier system, and when it expires in milliseconds. */
  | { readonly externalId: string; readonly expiresAt: number };

export interface RevokeResult {
  readonly endedSessions: number;
  /** Undefined when nothing was live any more. */
  readonly effect: EffectReport | undefined;
}

/** Throws `invalid_request` naming the field (as in the gRPC contract), or `not_found`. */
export type Revoke = (target: RevocationTarget, origin: Origin) => Promise<RevokeResult>;

type RevokeParts = EffectParts & ReadingParts;

/** Does it inside of the transaction; answers how many sessions ended. */
type Step = (stores: EndingStores, now: number, origin: Origin) => Promise<number>;

export function createRevoke(parts: RevokeParts): Revoke {
  return async (target, origin) => {
    const now = parts.clock.now();
    const step = await stepFor(parts, target, now);
    const { result, effect } = await withEffect(parts, now, (stores) => step(stores, now, origin));
    return { endedSessions: result, effect };
  };
}

async function stepFor(parts: RevokeParts, target: RevocationTarget, now: number): Promise<Step> {
  if ('token' in target) {
    const read = await readGenuineToken(parts, target.token);
    if (!read.valid) throw invalidField('token', 'live', 'is not a live access token of this authority');
    return revokeToken(read.jti);
  }
  if ('jti' in target) {
    const jti = parseJti(target.jti);
    if (jti === undefined) throw invalidField('jti', 'format', 'must be the jti of one of our tokens');
    return revokeToken(jti);
  }
  if ('sessionId' in target) return revokeSession(uuidOf('session_id', target.sessionId) as SessionId);
  if ('userId' in target) {
    const userId = uuidOf('user_id', target.userId) as UserId;
    return revokeUser(async () => userId);
  }
  if ('email' in target) {
    const email = normaliseEmail(target.email);
    return revokeUser(async ({ users }) => (await users.findByEmail(email))?.id);
  }
  return revokeExternal(target.externalId, target.expiresAt, now);
}

const uuid = new RegExp(uuidPattern);

function uuidOf(field: string, text: string): string {
  if (!uuid.test(text)) throw invalidField(field, 'format', 'must be a UUID in lower case');
  return text;
}

function revokeToken({ sessionId, subjects: [subject] }: Jti): Step {
  return async ({ sessions, revoke, audit }, now, origin) => {
    const session = await sessions.find(sessionId);
    if (session === undefined) throw notFound('There is no session that this token was issued in.');
    const { userId, accessExpiresAt } = session;
    // The session knows how long any of its tokens lives, whatever the lifetime was when this one was issued.
    if (accessExpiresAt <= now) return 0;
    await revoke([{ subject, reason: 'revoked', expiresAt: afterExpiry(accessExpiresAt) }]);
    await audit.record({ type: 'token_revoked', origin, userId, sessionId, reason: 'revoked' }, now);
    return 0;
  };
}

function revokeSession(sessionId: SessionId): Step {
  return async ({ sessions, endSessions, audit }, now, origin) => {
    const session = await sessions.find(sessionId);
    if (session === undefined) throw notFound('There is no such session.');
    const ended = await endSessions({ sessionId }, 'revoked');
    if (ended.length > 0) {
      const { userId } = session;
      await audit.record({ type: 'session_ended', origin, userId, sessionId, reason: 'revoked' }, now);
    }
    return ended.length;
  };
}

function revokeUser(find: (stores: EndingStores) => Promise<UserId | undefined>): Step {
  return async (stores, now, origin) => {
    const userId = await find(stores);
    const user = userId === undefined ? undefined : await stores.users.lock(userId, 'update');
    if (userId === undefined || user === undefined) throw notFound('There is no such user.');
    await stores.users.bumpTokenVersion(userId);
    const ended = await stores.endSessions({ userId }, 'revoked');
    await stores.audit.record({ type: 'all_sessions_ended', origin, userId, reason: 'revoked' }, now);
    return ended.length;
  };
}

function revokeExternal(id: string, expiresAt: number, now: number): Step {
  const subject = externalSubject(id);
  if (subject === undefined) {
    throw invalidField('external_id', 'length', `must have 1 to ${limits.externalIdBytes} bytes of UTF-8`);
  }
  if (!(expiresAt > now && expiresAt <= now + limits.accessTokenMaximumSeconds * 1000)) {
    const hours = limits.accessTokenMaximumSeconds / 3600;
    throw invalidField('exp', 'range', `must be in the future, by at most ${hours} hours`);
  }
  return async ({ revoke, audit }, _now, origin) => {
    await revoke([{ subject, reason: 'revoked', expiresAt: wholeHour(afterExpiry(expiresAt)) }]);
    await audit.record({ type: 'token_revoked', origin, reason: 'external_id' }, now);
    return 0;
  };
}

function afterExpiry(expiresAt: number): number {
  return expiresAt + limits.revocationMarginSeconds * 1000;
}

function notFound(detail: string): AuthorityError {
  return new AuthorityError('not_found', { detail });
}
