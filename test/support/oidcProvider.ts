/** Another provider, played by oidc-provider. Whoever comes is signed in as the account that the test named last. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
// Its types need those of Koa, which nothing else does.
// @ts-expect-error
import Provider from 'oidc-provider';
import type { Test } from 'tap';

export interface Account {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

export interface PlayedProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who signs in next. */
  account: Account;
  /** In place of signing in: the user refuses. */
  refuses: boolean;
  /** Changes the metadata that it serves. */
  metadata: (metadata: Readonly<Record<string, unknown>>) => object;
  /** Other keys, from now on. */
  rotateKeys(): void;
  stop(): void;
}

interface PlayedOptions {
  readonly redirectUris: readonly string[];
  /** `iss` of its answers, in place of its address. */
  readonly saysIssuer?: string;
  /** E-mails are in the ID token, too. */
  readonly emailInIdToken?: boolean;
}

export async function startOidcProvider(t: Test, options: PlayedOptions): Promise<PlayedProvider> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const open = (jwks: object) => openProvider(played, options, jwks);
  const played: PlayedProvider = {
    ...{ issuer, clientId: 'countersign', clientSecret: randomUUID(), refuses: false },
    account: { sub: 'ada', email: 'ada@example.com', email_verified: true },
    metadata: (metadata) => metadata,
    rotateKeys() {
      handle = open(newJwks());
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
  handle = open(keptJwks());
  t.teardown(() => played.stop());
  return played;
}

/** Making one takes longer than most tests. Of providers that are there at the same time each has another. */
const kept: ReturnType<typeof newJwks>[] = [];
let started = 0;

function keptJwks() {
  started += 1;
  const index = started % 4;
  kept[index] ??= newJwks();
  return kept[index];
}

function newJwks() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' }] };
}

function openProvider(
  played: PlayedProvider,
  { redirectUris, saysIssuer, emailInIdToken }: PlayedOptions,
  jwks: object,
) {
  const provider = new Provider(saysIssuer ?? played.issuer, {
    clients: [
      {
        ...{ client_id: played.clientId, client_secret: played.clientSecret },
        ...{ redirect_uris: redirectUris, grant_types: ['authorization_code'], response_types: ['code'] },
      },
    ],
    findAccount: (_context: unknown, id: string) => {
      const claims = { ...played.account, sub: id };
      return { accountId: id, claims: async () => claims };
    },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: emailInIdToken !== true,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    cookies: { keys: [randomUUID()] },
    jwks,
    pkce: { required: () => true },
    ttl: { Session: 600, Interaction: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
  });
  const handle = provider.callback();
  return async (request: IncomingMessage, response: ServerResponse) => {
    const { url = '' } = request;
    if (url.startsWith('/interaction/')) return interact(provider, played, request, response);
    if (!url.startsWith('/.well-known/openid-configuration')) return handle(request, response);
    const text = await metadataOf(provider, played);
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  };
}

/** As the library makes them, with what the test changes. */
async function metadataOf(_provider: unknown, { issuer, metadata }: PlayedProvider): Promise<string> {
  const own = {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/me`,
    jwks_uri: `${issuer}/jwks`,
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
  return JSON.stringify(metadata(own));
}

async function interact(
  // biome-ignore lint/suspicious/noExplicitAny: see the import
  provider: any,
  { account, refuses, clientId }: PlayedProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (refuses)
    return provider.interactionFinished(
      request,
      response,
      { error: 'access_denied' },
      { mergeWithLastSubmission: false },
    );
  const grant = new provider.Grant({ accountId: account.sub, clientId });
  grant.addOIDCScope('openid email');
  const consent = { grantId: await grant.save() };
  const result = { login: { accountId: account.sub }, consent };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}
