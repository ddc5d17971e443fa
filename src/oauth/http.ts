/** `/oauth2/…` over HTTP: authenticate the client, call one operation, answer as the RFCs say. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../audit/auditEvent.ts';
import type { HttpMount, MountRoutes } from '../transport/http/app.ts';
import type { Authenticate } from '../transport/http/caller.ts';
import { operation } from '../transport/http/route.ts';
import { Type } from '../transport/http/typebox.ts';
import type { AuthenticateClient, AuthenticatedClient, ConfirmClient } from './authenticateClient.ts';
import type { PushRequest } from './authorization/pushedRequest.ts';
import { type Form, readForm, required } from './form.ts';
import type { Grant } from './grants/grant.ts';
import type { createIntrospection, IntrospectionAnswer } from './introspection.ts';
import { oauthPaths } from './metadata.ts';
import type { GetUserinfo } from './openid/userinfo.ts';
import { sendOAuthError } from './refusal.ts';
import type { RevokeEverything, RevokeToken } from './revocation.ts';

export interface OAuthOperations {
  readonly authenticateClient: AuthenticateClient;
  readonly confirmClient: ConfirmClient;
  readonly isGenuineRefreshToken: (token: string) => Promise<boolean>;
  /** By `grant_type`. */
  readonly grants: ReadonlyMap<string, Grant>;
  readonly introspection: ReturnType<typeof createIntrospection>;
  readonly signIntrospection: (
    client: AuthenticatedClient['client'],
    answer: IntrospectionAnswer,
  ) => Promise<string>;
  readonly revokeToken: RevokeToken;
  readonly revokeEverything: RevokeEverything;
  readonly pushRequest: PushRequest;
  readonly getUserinfo: GetUserinfo;
  readonly authenticateAnywhere: Authenticate;
}

type HttpApp = Parameters<MountRoutes>[0];

interface OAuthRequest {
  readonly caller: AuthenticatedClient;
  readonly form: Form;
  readonly actor: Actor;
}

interface FormRoute {
  readonly path: string;
  readonly summary: string;
  /** It may revoke: the answer waits for the effect. */
  readonly endsWithEffect?: true;
  /** The parameter that may have a refresh token. */
  readonly refreshToken?: 'refresh_token' | 'token';
  answer(request: OAuthRequest, reply: FastifyReply): Promise<unknown>;
}

const introspectionJwt = 'application/token-introspection+jwt';

export function oauthRoutes(operations: OAuthOperations): MountRoutes {
  return (app, mount) => {
    const { grants, confirmClient, introspection, signIntrospection, revokeToken, pushRequest } = operations;
    const { provedKey, clientCertificate } = mount;
    formRoute(app, mount, operations, {
      path: oauthPaths.token,
      summary: 'Get a token (RFC 6749 §3.2)',
      endsWithEffect: true,
      refreshToken: 'refresh_token',
      async answer(request, reply) {
        const grant = grants.get(required(request.form, 'grant_type'));
        if (grant === undefined) throw new AuthorityError('unsupported_grant_type');
        const jkt = await provedKey(reply.request);
        requireOneBinding(request.caller, jkt);
        const tokens = await grant({ ...request.caller, ...request, jkt });
        // A key that was replaced meanwhile gets nothing; what was issued is refused.
        await confirmClient(request.caller);
        return reply.send(tokens);
      },
    });
    formRoute(app, mount, operations, {
      path: oauthPaths.introspect,
      summary: 'Introspect a token (RFC 7662)',
      async answer({ caller, form }, reply) {
        const answer = await introspection(caller, form);
        if (!accepts(reply.request.headers.accept, introspectionJwt)) return reply.send(answer);
        return reply.type(introspectionJwt).send(await signIntrospection(caller.client, answer));
      },
    });
    formRoute(app, mount, operations, {
      path: oauthPaths.revoke,
      summary: 'Revoke a token (RFC 7009)',
      endsWithEffect: true,
      refreshToken: 'token',
      async answer({ caller, form, actor }, reply) {
        const certificate = clientCertificate(reply.request)?.thumbprint;
        await revokeToken(caller, form, { actor, jkt: await provedKey(reply.request), certificate });
        return reply.send({});
      },
    });
    formRoute(app, mount, operations, {
      path: oauthPaths.push,
      summary: 'Push an authorization request (RFC 9126)',
      async answer({ caller, form }, reply) {
        return reply.code(201).send(await pushRequest(caller, form, await provedKey(reply.request)));
      },
    });
    globalRevocationRoute(app, mount, operations);
    userinfoRoutes(app, mount, operations);
  };
}

function formRoute(
  app: HttpApp,
  { rateLimits, clientCertificate }: HttpMount,
  { authenticateClient, isGenuineRefreshToken }: OAuthOperations,
  { path, summary, endsWithEffect, refreshToken: parameter, answer }: FormRoute,
): void {
  const config = {
    formOnly: true,
    sendRefusal: sendOAuthError,
    ...(endsWithEffect && { endsWithEffect }),
  } as const;
  const options = { schema: { summary }, config };
  app.post(path, options, async (request, reply) => {
    if (Object.keys(request.query as object).length > 0)
      throw new AuthorityError('invalid_request', {
        detail: 'Parameters belong into the body, not into the address.',
      });
    const form = readForm(request.body);
    const certificate = clientCertificate(request);
    const caller = await authenticateClient(request.headers.authorization, form, certificate).catch((error) =>
      countRefused(rateLimits, request, form, error),
    );
    // Anybody may name a public client, but only its users have refresh tokens.
    const refreshToken = caller.isProved || parameter === undefined ? undefined : form[parameter];
    const isRefresh =
      refreshToken !== undefined &&
      (await countRefresh(rateLimits, request, refreshToken, isGenuineRefreshToken));
    if (!caller.isProved && !isRefresh) await count(rateLimits, request, form);
    const actor = { ...request.actor, name: `service:${caller.client.name}` };
    reply.header('cache-control', 'no-store');
    return answer({ caller, form, actor }, reply);
  });
}

/** RFC 8705 §3: its tokens are bound to its certificate, and to nothing else. */
function requireOneBinding({ client, certificate }: AuthenticatedClient, jkt: string | undefined): void {
  if (!client.certificateBound) return;
  const fault =
    certificate === undefined
      ? 'The tokens of this client are bound to its certificate: connect with one.'
      : 'The tokens of this client are bound to its certificate: send no DPoP proof.';
  if (certificate === undefined || jkt !== undefined)
    throw new AuthorityError('invalid_request', { detail: fault, reason: 'certificate_bound' });
}

function accepts(accept: string | undefined, type: string): boolean {
  return accept?.split(',').some((each) => each.split(';')[0]?.trim().toLowerCase() === type) ?? false;
}

/** A client that proves itself is not counted: a service may ask as often as it likes. */
async function countRefused(
  rateLimits: HttpMount['rateLimits'],
  request: FastifyRequest,
  form: Form,
  error: unknown,
): Promise<never> {
  await count(rateLimits, request, form);
  throw error;
}

/** As at `/auth/refresh`, by place; what advances a session is counted for the session. */
async function countRefresh(
  rateLimits: HttpMount['rateLimits'],
  request: FastifyRequest,
  refreshToken: string,
  isGenuine: OAuthOperations['isGenuineRefreshToken'],
): Promise<boolean> {
  await rateLimits.placeHook('refresh').onRequest(request);
  return isGenuine(refreshToken);
}

async function count(
  rateLimits: HttpMount['rateLimits'],
  request: FastifyRequest,
  { client_id: named }: Form,
): Promise<void> {
  await rateLimits.placeHook('oauth').onRequest(request);
  if (named !== undefined) await rateLimits.spend('oauth', named, request);
}

function userinfoRoutes(
  app: HttpApp,
  { rateLimits }: HttpMount,
  { getUserinfo, authenticateAnywhere }: OAuthOperations,
): void {
  const schema = operation({
    summary: 'Who the user of the access token is (OpenID Connect Core §5.3)',
    bearer: true,
    refusals: [403, 429],
    response: { 200: Type.Object({ sub: Type.String() }, { additionalProperties: true }) },
  });
  const places = rateLimits.placeHook('reads');
  app.route({
    ...{ method: ['GET', 'POST'], url: oauthPaths.userinfo, schema, ...places },
    async handler(request, reply) {
      const answer = await getUserinfo(await authenticateAnywhere(request)).catch((error) => {
        // RFC 6750 §3.1.
        if (error instanceof AuthorityError && error.code === 'permission_denied')
          reply.header('www-authenticate', 'Bearer error="insufficient_scope", scope="openid"');
        throw error;
      });
      return reply.header('cache-control', 'no-store').send(answer);
    },
  });
}

const everythingBody = Type.Object({ sub_id: Type.Object({ format: Type.String() }) });

function globalRevocationRoute(
  app: HttpApp,
  { rateLimits }: HttpMount,
  { authenticateClient, revokeEverything }: OAuthOperations,
): void {
  const options = {
    schema: {
      summary: 'End every session of a user (draft-parecki-oauth-global-token-revocation)',
      body: everythingBody,
      response: { 204: Type.Null({ description: 'Done, and in effect.' }) },
    },
    config: { endsWithEffect: true },
  } as const;
  app.post(oauthPaths.globalRevocation, options, async (request, reply) => {
    const caller = await authenticateClient(request.headers.authorization, {}).catch((error) =>
      countRefused(rateLimits, request, {}, error),
    );
    const actor = { ...request.actor, name: `service:${caller.client.name}` };
    await revokeEverything(caller, request.body.sub_id, actor);
    return reply.code(204).send(null);
  });
}
