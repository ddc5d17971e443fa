/**
 * Token exchange (RFC 8693): a service that received a token gets one for the next service, on behalf of the same user. The new token
 * never says more, never lives longer, names who acts, and is of the same session: it dies with its parent, at any depth.
 */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import type { AccessTokenClaims, ActorClaim } from '@countersign/verifier/tokens/accessTokenClaims';
import { parseJti } from '@countersign/verifier/tokens/jti';
import { accountScope, identityScopes, requireScopes, rightsAt } from '../../rights/rights.ts';
import type { Service } from '../../services/service.ts';
import { chooseSigner, chosenAudience, issueAccessToken, settingsFor } from '../../sessions/tokenResponse.ts';
import type { Introspect } from '../../tokens/introspect.ts';
import { type Form, readAudience, readScopes, required } from '../form.ts';
import { oauthLimits } from '../limits.ts';
import { answerOf, asTarget, type Grant, type GrantParts, keepClient } from './grant.ts';

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const subjectTokenTypes = [accessTokenType, 'urn:ietf:params:oauth:token-type:jwt'];

const notForOthers: readonly string[] = [accountScope, ...identityScopes];

export interface TokenExchangeParts extends GrantParts {
  readonly introspect: Introspect;
}

export function createTokenExchange(parts: TokenExchangeParts): Grant {
  return async ({ client, isProved, form, actor, jkt, certificate }) => {
    if (!isProved) throw new AuthorityError('unauthorized_client', { reason: 'permission' });
    requireExchange(client);
    const parent = await readParent(parts, client, form);
    const only = readScopes(form);
    const audience = await chosenAudience(parts, readAudience(form)).catch(asTarget);
    const act = actorAfter(client, parent);
    const proved = { acr: parent.acr, authTime: parent.auth_time * 1000 };
    const { database, clock, accessTokens } = parts;
    const now = clock.now();
    const signer = await chooseSigner(parts, now);
    const { session, rights } = await database.transaction(async (stores) => {
      requireStill(await keepClient(stores, client), client, parent);
      const session = await stores.tokenSessions.lock(parent.sid, audience);
      if (session === undefined) throw refusedSubject('session_ended');
      // Who revokes the parent locks the session, too: that was before, or it reaches the new token.
      const [revoked] = await stores.revocations.find(parentSubjects(parent));
      if (revoked !== undefined) throw refusedSubject('revoked');
      await stores.tokenSessions.noteExchange(session.id);
      // What the parent says, as far as its bearer still may; the account and who the user is are not for others.
      const scope = parent.scope.split(' ').filter((each) => !notForOthers.includes(each));
      const settings = settingsFor(accessTokens, audience, now, proved);
      const latest = Math.min(settings.latest, parent.exp * 1000);
      const isClient = session.userId === undefined;
      const rights = rightsAt(session.rights, {
        ...{ ...settings, latest },
        ...{ scope: scope.join(' '), only, onlyRoles: parent.roles ?? [], isClient },
      });
      requireScopes(rights, only);
      const token = { now, accessExpiresAt: rights.tokenExpiresAt, signingKid: signer.kid };
      await stores.tokenSessions.note(session.id, token, oauthLimits.clientSessionMilliseconds);
      const about = { actor, userId: session.userId, sessionId: session.id };
      const detail = { client_id: client.id, audience, scope: rights.scope };
      await stores.audit.record({ type: 'token_exchanged', ...about, reason: client.name, detail }, now);
      return { session, rights };
    });
    const { scope, roles, tokenExpiresAt: expiresAt } = rights;
    const subject = {
      ...{ ...session, userId: parent.sub, clientId: client.id, scope, roles, act, jkt, certificate },
      ...{ amr: parent.amr, ...proved },
    };
    const token = await issueAccessToken(parts, subject, signer, now, { audience, expiresAt });
    return { ...answerOf(token, rights, { now, jkt }), issued_token_type: accessTokenType };
  };
}

/** Live, and for an audience of this client: a token that it did not receive is not its to exchange. */
async function readParent(
  { introspect }: TokenExchangeParts,
  client: Service,
  form: Form,
): Promise<AccessTokenClaims> {
  const token = required(form, 'subject_token');
  const type = required(form, 'subject_token_type');
  if (!subjectTokenTypes.includes(type))
    throw invalidField('subject_token_type', 'one_of', `must be ${accessTokenType}`);
  const asked = form['requested_token_type'];
  if (asked !== undefined && !subjectTokenTypes.includes(asked))
    throw invalidField('requested_token_type', 'one_of', `must be ${accessTokenType}`);
  if (form['actor_token'] !== undefined)
    throw invalidField(
      'actor_token',
      'supported',
      'is not supported: the client that authenticates is the actor',
    );
  const read = await introspect(token, client.audiences);
  if (!read.active) throw refusedSubject(read.reason);
  return read.claims;
}

function requireExchange({ permissions }: Service): void {
  if (!permissions.includes('tokens.exchange'))
    throw new AuthorityError('unauthorized_client', { reason: 'permission' });
}

/** What authenticated the client may have been remembered for two seconds. */
function requireStill(now: Service, client: Service, { aud }: AccessTokenClaims): void {
  requireExchange(now);
  const isOfUsual = now.audiences.length === 0 && client.audiences.length === 0;
  if (!isOfUsual && !now.audiences.includes(aud)) throw refusedSubject('other_audience');
}

function parentSubjects({ jti }: AccessTokenClaims): readonly Uint8Array[] {
  return parseJti(jti)?.subjects ?? [];
}

/** RFC 8693 §4.1: the newest actor is outside. */
function actorAfter({ id }: Service, { act: before }: AccessTokenClaims): ActorClaim {
  let depth = 1;
  for (let each = before; each !== undefined; each = each.act) depth += 1;
  if (depth > verifierLimits.actors)
    throw invalidField('subject_token', 'depth', `was exchanged ${verifierLimits.actors} times already`);
  return before === undefined ? { sub: id } : { sub: id, act: before };
}

/** RFC 8693 §2.2.2. */
function refusedSubject(reason: string): AuthorityError {
  const message = 'is not a live token for an audience of this client';
  const error = { field: 'subject_token', rule: 'live', message };
  return new AuthorityError('invalid_request', {
    detail: `subject_token: ${message}`,
    errors: [error],
    reason,
  });
}
