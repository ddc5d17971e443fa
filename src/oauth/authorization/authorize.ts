/**
 * Authorization: who asks, whether the browser's user may be recognised and allows it, and then a code. The pages that it leads to are
 * in `pagesHttp.ts`; the request travels through them sealed.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { isUuid, type ServiceId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database } from '../../database.ts';
import { oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import { mayAskFor } from '../../rights/rights.ts';
import type { Service } from '../../services/service.ts';
import type { FindBrowserSession } from '../../sessions/browserSession.ts';
import type { SessionWithUser } from '../../sessions/store.ts';
import { chosenAudience, type TokenParts } from '../../sessions/tokenResponse.ts';
import { type Form, required } from '../form.ts';
import { asTarget } from '../grants/grant.ts';
import { oauthLimits } from '../limits.ts';
import { subjectFor } from '../openid/idToken.ts';
import { type IdTokenHint, type IdTokenHintParts, readIdTokenHint } from '../openid/idTokenHint.ts';
import { errorParameters } from '../refusal.ts';
import { createCode } from './authorizationCode.ts';
import { type AuthorizationRequest, checkClient, readAuthorizationRequest } from './authorizationRequest.ts';
import { judgeAuthorization } from './judgeAuthorization.ts';
import { pushedPurpose, pushedRequestUri } from './pushedRequest.ts';
import type { RequestSealing, StartedRequest } from './sealedRequest.ts';

export interface AuthorizeParts extends Pick<TokenParts, 'accessTokens'>, IdTokenHintParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly requests: RequestSealing;
  readonly findBrowserSession: FindBrowserSession;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
}

/** `go`: to the client. `sign_in` and `consent`: pages of ours, with the sealed request. */
export type Next =
  | { readonly kind: 'go'; readonly to: string }
  | { readonly kind: 'resume'; readonly sealed: string }
  | { readonly kind: 'sign_in'; readonly sealed: string; readonly loginHint: string | undefined }
  | { readonly kind: 'consent'; readonly page: ConsentPage };

/** What the user is asked. */
export interface ConsentPage {
  readonly sealed: string;
  /** The client's name, which the operator gave it. */
  readonly application: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  readonly sessionId: string;
}

export interface ConsentAnswer {
  readonly allows: boolean;
  /** The browser's session when the page was shown. */
  readonly sessionId: string;
}

export interface Authorization {
  /** Throws what must be shown to the user; what the client is told is a redirect. */
  start(form: Form): Promise<Next>;
  /** With the cookie of the browser. Throws for a request that is outdated, or whose client is gone. */
  resume(sealed: string, refreshToken: string | undefined, actor: Actor): Promise<Next>;
  /** The user's answer to the consent page. */
  decide(
    sealed: string,
    answer: ConsentAnswer,
    refreshToken: string | undefined,
    actor: Actor,
  ): Promise<Next>;
}

export function createAuthorization(parts: AuthorizeParts): Authorization {
  const { database, clock, requests, findBrowserSession, rateLimits } = parts;
  const open = async (sealed: string) => {
    const started = requests.open(sealed);
    const client = await database.services.find(started.request.clientId);
    // The client may have been disabled meanwhile, or have lost the redirect URI, or scopes.
    const { request } = started;
    checkClient(client, { redirect_uri: request.redirectUri });
    const scopes = request.scopes.filter((each) => mayAskFor(client.scopes, each));
    return { started: { ...started, request: { ...request, scopes } }, client };
  };
  /** Counted for its user: a code is a row. */
  const findSession = async (refreshToken: string | undefined, actor: Actor) => {
    const session = await findBrowserSession(refreshToken, actor);
    if (session === undefined) return undefined;
    await rateLimits.spend(actor, 'authorize', 'account', session.userId);
    await rateLimits.spend(actor, 'authorize', 'global');
    return session;
  };
  return {
    async start(given) {
      const { client, form } = await readClient(parts, given);
      return toldToClient(
        parts,
        { redirectUri: required(form, 'redirect_uri'), state: form['state'] },
        async () => {
          const hint = await readIdTokenHint(parts, { ...form, client_id: client.id });
          const asked = readAuthorizationRequest(client, form);
          const audience = await chosenAudience(parts, asked.audience).catch(asTarget);
          const request = { ...asked, audience, ...meant(form, hint, asked.prompts) };
          return { kind: 'resume', sealed: sealShort(requests, request) };
        },
      );
    },

    async resume(sealed, refreshToken, actor) {
      const { started, client } = await open(sealed);
      const session = await findSession(refreshToken, actor);
      return toldToClient(parts, started.request, () => next(parts, { sealed, started, client, session }));
    },

    async decide(sealed, { allows, sessionId }, refreshToken, actor) {
      const { started, client } = await open(sealed);
      const session = await findSession(refreshToken, actor);
      const { request } = started;
      const denied = () =>
        toldToClient(parts, request, () => Promise.reject(new AuthorityError('access_denied')));
      // Another user may have signed in meanwhile: who has not seen the page allows nothing.
      if (session === undefined || session.id !== sessionId)
        return allows ? { kind: 'resume', sealed } : denied();
      const now = clock.now();
      const about = { actor, userId: session.userId, sessionId: session.id, reason: client.name };
      const { audience, scopes } = request;
      const detail = { client_id: client.id, audience, scope: scopes.join(' ') };
      await database.transaction(async ({ consents, audit }) => {
        const type = allows ? 'consent_granted' : 'consent_denied';
        if (allows) await consents.grant(session.userId, client.id, { audience, scopes, grantedAt: now });
        await audit.record({ ...about, type, detail }, now);
      });
      return allows ? { kind: 'resume', sealed } : denied();
    },
  };
}

/** Only the user of the hint. Of one whose key is gone nobody knows who that was, so the browser's user signs in again. */
function meant(
  form: Form,
  hint: IdTokenHint | undefined,
  prompts: AuthorizationRequest['prompts'],
): Pick<AuthorizationRequest, 'onlySubject' | 'prompts'> {
  const isGone = form['id_token_hint'] !== undefined && hint === undefined;
  return { onlySubject: hint?.subject, prompts: isGone ? [...prompts, 'login'] : prompts };
}

/** It travels in addresses. */
function sealShort(requests: RequestSealing, request: AuthorizationRequest): string {
  const sealed = requests.seal(request);
  if (sealed.length <= oauthLimits.sealedRequestCharacters) return sealed;
  throw invalidField('request', 'length', 'is too long');
}

/** The parameters, or those that were pushed. Throws what must be shown. */
async function readClient(
  { database, clock }: AuthorizeParts,
  given: Form,
): Promise<{ readonly client: Service; readonly form: Form }> {
  const id = required(given, 'client_id');
  const client = isUuid(id) ? await database.services.find(id as ServiceId) : undefined;
  const form = given['request_uri'] === undefined ? given : await takePushed(given['request_uri']);
  checkClient(client, form);
  return { client, form };

  async function takePushed(uri: string): Promise<Form> {
    const hash = uri.startsWith(pushedRequestUri)
      ? oneTimeTokenHash(uri.slice(pushedRequestUri.length))
      : undefined;
    const token = hash && (await database.oneTimeTokens.take(hash, pushedPurpose, clock.now()));
    if (token === undefined || token.detail['client_id'] !== id)
      throw invalidField('request_uri', 'pushed', 'was used, has expired, or is of another client');
    return token.detail['form'] as unknown as Form;
  }
}

async function next(
  { database, clock, issuer }: AuthorizeParts,
  {
    sealed,
    started,
    client,
    session,
  }: {
    readonly sealed: string;
    readonly started: StartedRequest;
    readonly client: Service;
    readonly session: SessionWithUser | undefined;
  },
): Promise<Next> {
  const { request } = started;
  const now = clock.now();
  const { audience, scopes } = request;
  const consent = session && (await database.consents.find(session.userId, client.id, audience));
  const subject = session && subjectFor(client.subjectSalt, session.userId);
  const step = judgeAuthorization(started, session, { kind: client.kind, subject, consent, now });
  if (session === undefined || step === 'sign_in')
    return { kind: 'sign_in', sealed, loginHint: request.loginHint };
  if (step === 'consent') {
    const { name: application } = client;
    return { kind: 'consent', page: { sealed, application, audience, scopes, sessionId: session.id } };
  }
  const code = await createCode(database, request, session, now);
  return { kind: 'go', to: answerAddress(issuer, request, { code }) };
}

/** A fault goes to the client by redirect, with its state (RFC 6749 §4.1.2.1). */
async function toldToClient(
  { issuer }: AuthorizeParts,
  request: Pick<AuthorizationRequest, 'redirectUri' | 'state'>,
  work: () => Promise<Next>,
): Promise<Next> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AuthorityError)) throw error;
    return { kind: 'go', to: answerAddress(issuer, request, errorParameters(error)) };
  }
}

/** With `iss` (RFC 9207): the client sees which server answers. */
function answerAddress(
  issuer: string,
  { redirectUri, state }: Pick<AuthorizationRequest, 'redirectUri' | 'state'>,
  answer: Readonly<Record<string, string>>,
): string {
  const to = new URL(redirectUri);
  const members = { ...answer, ...(state === undefined ? {} : { state }), iss: issuer };
  for (const [name, value] of Object.entries(members)) to.searchParams.append(name, value);
  return to.href;
}
