/**
 * A session of the application for an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.6). It starts from the browser's session and ends
 * with it, unless the user allowed `offline_access`. A second use of the code ends what came of the first, with effect.
 */
import { createHash } from 'node:crypto';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import { doubtfulAcr } from '@countersign/verifier/tokens/bearerToken';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import { newId } from '../../platform/newId.ts';
import { type OneTimeToken, oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import { type RevokingStores, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { Rights } from '../../rights/rights.ts';
import type { Service } from '../../services/service.ts';
import { endSelected } from '../../sessions/endSessions.ts';
import type { Session } from '../../sessions/session.ts';
import type { NewSession } from '../../sessions/store.ts';
import { type StoringParts, storeSession } from '../../sessions/storeSession.ts';
import {
  chooseSigner,
  chosenAudience,
  requireAudience,
  respondWithTokens,
} from '../../sessions/tokenResponse.ts';
import { type CodeDetail, codePurpose } from '../authorization/authorizationCode.ts';
import { allows } from '../authorization/judgeAuthorization.ts';
import { matchesRedirectUri } from '../clients/redirectUri.ts';
import { type Form, readAudience, required } from '../form.ts';
import { oauthLimits } from '../limits.ts';
import type { IssueIdToken } from '../openid/idToken.ts';
import { asTarget, type Grant, type GrantParts, keepClient, pairOf } from './grant.ts';

export interface CodeGrantParts extends GrantParts, StoringParts {
  readonly refreshIdleTtlMs: number;
  readonly sessionMaxTtlMs: number;
  readonly issueIdToken: IssueIdToken;
}

interface Presented {
  readonly hash: Uint8Array;
  readonly client: Service;
  readonly redirectUri: string;
  /** The S256 of the verifier. */
  readonly challenge: string;
  /** Asked for with the code. */
  readonly audience: string | undefined;
  /** The thumbprint of the key that the client proved. */
  readonly jkt: string | undefined;
  readonly actor: Actor;
  readonly now: number;
}

type Owned = CodeDetail & { readonly userId: UserId };

interface Started {
  readonly session: NewSession;
  readonly rights: Rights;
  readonly audience: string;
  readonly nonce: string | undefined;
}

export function createAuthorizationCodeGrant(parts: CodeGrantParts): Grant {
  return async ({ client, form, actor, jkt, certificate }) => {
    const presented = readPresented(client, form, { actor, jkt, now: parts.clock.now() });
    const { now } = presented;
    const signer = await chooseSigner(parts, now);
    // What a refusal did is committed before it is thrown.
    const { result } = await revokeAndPropagate(parts, now, (stores) =>
      redeem(parts, stores, presented, (session, audience) =>
        storeSession(parts, stores, session, { audience, signer, actor }),
      ),
    );
    if (typeof result === 'string') throw new AuthorityError('invalid_grant', { reason: result });
    const { session, rights, audience, nonce } = result;
    const tokens = await respondWithTokens(parts, { ...session, generation: 0 }, signer, {
      ...{ now, audience, rights, certificate },
    });
    const idToken = session.scope.split(' ').includes('openid')
      ? await parts.issueIdToken(client, session, signer, { nonce, now, accessToken: tokens.accessToken })
      : undefined;
    return {
      ...pairOf(tokens),
      ...(idToken === undefined ? {} : { id_token: idToken }),
    };
  };
}

function readPresented(client: Service, form: Form, by: Pick<Presented, 'actor' | 'now' | 'jkt'>): Presented {
  const code = required(form, 'code');
  const redirectUri = required(form, 'redirect_uri');
  const verifier = required(form, 'code_verifier');
  // RFC 7636 §4.1.
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier))
    throw invalidField('code_verifier', 'format', 'must be 43 to 128 letters, digits, and -._~');
  const hash = oneTimeTokenHash(code);
  if (hash === undefined) throw new AuthorityError('invalid_grant', { reason: 'malformed' });
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  return { hash, client, redirectUri, challenge, audience: readAudience(form), ...by };
}

/** Why it is refused, once that is committed; throws for what leaves the code as it is. */
async function redeem(
  parts: CodeGrantParts,
  stores: RevokingStores,
  presented: Presented,
  store: (session: NewSession, audience: string) => Promise<Rights>,
): Promise<Started | string> {
  const { hash, client, now } = presented;
  const { redirectUris } = await keepClient(stores, client);
  const found = await stores.oneTimeTokens.find(hash, codePurpose, now);
  if (found?.userId === undefined) throw new AuthorityError('invalid_grant', { reason: 'unknown_code' });
  const user = await stores.users.lock(found.userId);
  // Read again under the lock: of two uses at once, the second one finds the first.
  const token = await stores.oneTimeTokens.find(hash, codePurpose, now);
  if (user === undefined || token === undefined)
    throw new AuthorityError('invalid_grant', { reason: 'unknown_code' });
  const detail: Owned = { ...(token.detail as CodeDetail), userId: user.id };
  if (detail.client_id !== client.id) return refuse(stores, presented, detail, 'other_client');
  if (detail.used !== null) return refuseSecondUse(stores, presented, detail, detail.used);
  const fault = faultOf(presented, token, detail, user);
  if (fault !== undefined) return refuse(stores, presented, detail, fault);
  if (!redirectUris.some((each) => matchesRedirectUri(each, detail.redirect_uri)))
    return refuse(stores, presented, detail, 'redirect_uri_removed');
  if (!(await stores.sessions.noteStart(detail.session_id, now)))
    return refuse(stores, presented, detail, 'session_ended');
  const from = await stores.sessions.find(detail.session_id);
  if (from === undefined) return refuse(stores, presented, detail, 'session_ended');
  // A session in doubt starts nothing.
  if (from.acr === doubtfulAcr) return refuse(stores, presented, detail, 'session_doubtful');
  if (!(await isStillAllowed(stores, client, detail)))
    return refuse(stores, presented, detail, 'consent_withdrawn');
  requireAudience(presented.audience, detail.audience);
  const audience = await chosenAudience({ ...parts, database: stores }, detail.audience).catch(asTarget);
  const session = newSession(parts, presented, detail, from);
  const rights = await store(session, audience);
  await stores.oneTimeTokens.replace(
    hash,
    {
      ...{ detail: { ...token.detail, used: session.id }, codeHash: undefined },
      expiresAt: now + oauthLimits.usedCodeMilliseconds,
    },
    now,
  );
  const event = { type: 'login_succeeded', actor: presented.actor, userId: user.id } as const;
  const about = { sessionId: session.id, reason: codePurpose, detail: { client_id: client.id } };
  await stores.audit.record({ ...event, ...about }, now);
  return { session, rights, audience, nonce: detail.nonce ?? undefined };
}

/** Taking it back locks the user's row, too: it comes before this code, or ends the session that comes of it. */
async function isStillAllowed(
  { consents }: Pick<Stores, 'consents'>,
  { kind, id }: Service,
  { userId, audience, scopes }: Owned,
): Promise<boolean> {
  return kind !== 'third_party' || allows(await consents.find(userId, id, audience), scopes);
}

function faultOf(
  { redirectUri, challenge, jkt, now }: Presented,
  { createdAt }: OneTimeToken,
  detail: CodeDetail,
  user: User,
): string | undefined {
  if (now >= createdAt + oauthLimits.codeMilliseconds) return 'code_expired';
  if (redirectUri !== detail.redirect_uri) return 'other_redirect_uri';
  if (challenge !== detail.code_challenge) return 'code_verifier';
  if (detail.dpop_jkt !== null && detail.dpop_jkt !== jkt) return 'other_key';
  if (user.disabledAt !== undefined) return 'user_disabled';
  return user.tokenVersion === detail.token_version ? undefined : 'version';
}

async function refuse(
  stores: Pick<Stores, 'audit'>,
  { client, actor, now }: Presented,
  { session_id: sessionId, userId }: Owned,
  reason: string,
): Promise<string> {
  const event = { type: 'authorization_code_refused', actor, userId, sessionId, reason } as const;
  await stores.audit.record({ ...event, detail: { client_id: client.id } }, now);
  return reason;
}

/** RFC 6749 §4.1.2: one of the two uses is a thief's. */
async function refuseSecondUse(
  stores: RevokingStores,
  presented: Presented,
  detail: Owned,
  used: SessionId,
): Promise<string> {
  const { actor, now } = presented;
  await endSelected(stores, { sessionIds: [used] }, { reason: 'code_replayed', actor, now });
  return refuse(stores, presented, detail, 'code_replayed');
}

/** Of the same proof as the browser's session, and never longer. */
function newSession(
  parts: CodeGrantParts,
  { client, actor, now, jkt }: Presented,
  { scopes, audience }: CodeDetail,
  from: Session,
): NewSession {
  const id = newId<SessionId>(now);
  const { userId, tokenVersion, amr, acr, openedBy, authTime } = from;
  return {
    ...{ id, userId, tokenVersion, amr, acr, openedBy, authTime, rightsEpoch: 0 },
    ...(scopes.includes('offline_access') ? {} : { startedFrom: from.id }),
    boundKey: jkt === undefined ? undefined : { jkt, since: 0 },
    sealedSecret: parts.refreshTokens.newSealedSecret(id),
    ...{ clientId: client.id, scope: scopes.join(' '), audience },
    ...{ deviceName: client.name, deviceId: undefined },
    ...{ userAgent: actor.userAgent, ip: actor.ip, createdAt: now, lastUsedAt: now },
    idleExpiresAt: now + parts.refreshIdleTtlMs,
    expiresAt: Math.min(now + parts.sessionMaxTtlMs, from.expiresAt),
    accessExpiresAt: parts.accessTokens.expiry(now),
  };
}
