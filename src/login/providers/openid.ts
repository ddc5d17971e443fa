/**
 * OpenID Connect and OAuth 2.0 as a client: where to send a browser, and who an answer is about. Owns the library, which only this
 * file uses, and one configuration for each provider with its keys. Does not own attempts (`attempt.ts`) or what an identity may do.
 */
import { type Clock, elapsedSince, type Moment, momentOf } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { ClientAuth, Configuration, CustomFetch } from 'openid-client';
import { isLoopback } from '../../platform/config/issuer.ts';
import { providerLimits } from './limits.ts';
import { githubIdentityIn, type Identified, identityIn, type Provider } from './provider.ts';
import { providerFetch } from './providerFetch.ts';

/** What one attempt sends and expects. */
export interface Expected {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636). */
  readonly verifier: string;
}

export interface OpenIdClient {
  /** Rejects with `unavailable`. */
  authorizationUrl(expected: Expected): Promise<string>;
  /**
   * `query` is what came to the redirect URI. Rejects with `unavailable` when the provider does not answer, and `provider_refused`
   * when the user refused or an answer is not as it must be.
   */
  identify(query: string, expected: Expected): Promise<Identified>;
}

export interface OpenIdParts {
  readonly provider: Provider;
  readonly clock: Clock;
  readonly onFault: (part: string, error: unknown) => void;
}

/** Most authorities have no provider, and it takes time to load. */
const library = () => import('openid-client');
type Library = Awaited<ReturnType<typeof library>>;

export function createOpenIdClient({ provider, clock, onFault }: OpenIdParts): OpenIdClient {
  let held: { readonly config: Promise<Configuration>; readonly at: Moment } | undefined;

  const configuration = (): Promise<Configuration> => {
    if (held === undefined || elapsedSince(held.at, clock) >= providerLimits.metadataMilliseconds) {
      const config = library().then((openid) => configure(openid, provider));
      const asked = { config, at: momentOf(clock) };
      held = asked;
      config.catch(() => forget(asked));
    }
    return held.config;
  };
  const forget = (what: typeof held) => {
    if (held === what) held = undefined;
  };
  /** Translates faults of the library and of the network. */
  const guarded = async <T>(ask: (openid: Library, config: Configuration) => Promise<T>): Promise<T> => {
    const openid = await library();
    const config = await configuration().catch((error) => {
      onFault(`provider ${provider.name}`, error);
      throw unavailable(error);
    });
    return ask(openid, config).catch((error) => {
      const refusal = refusalOf(openid, error);
      // The provider may have new keys or addresses.
      if (refusal.code === 'unavailable') held = undefined;
      if (refusal.reason !== deniedReason) onFault(`provider ${provider.name}`, error);
      throw refusal;
    });
  };

  return {
    authorizationUrl: (expected) =>
      guarded(async (openid, config) => {
        const { redirectUri, state, nonce, verifier } = expected;
        const url = openid.buildAuthorizationUrl(config, {
          ...{ redirect_uri: redirectUri, scope: scopes(provider), state },
          ...{
            code_challenge: await openid.calculatePKCECodeChallenge(verifier),
            code_challenge_method: 'S256',
          },
          ...(provider.kind === 'oidc' ? { nonce } : {}),
        });
        return url.href;
      }),

    identify: (query, expected) =>
      guarded((openid, config) => {
        const currentUrl = new URL(`${expected.redirectUri}?${query}`);
        const identify = provider.kind === 'oidc' ? identifyByOpenId : identifyAtGithub;
        return identify(openid, config, { provider, currentUrl, expected });
      }),
  };
}

function scopes({ kind, tenants }: Provider): string {
  if (kind === 'github') return 'read:user user:email';
  // Entra names the object id only with `profile`.
  return tenants === undefined ? 'openid email' : 'openid profile';
}

async function configure(openid: Library, provider: Provider): Promise<Configuration> {
  const { issuer, clientId, clientSecret } = provider;
  const fetch = providerFetch as CustomFetch;
  // The library checks signatures of ID tokens only when it is asked to: the line to the provider would do (OpenID Connect Core §3.1.3.7).
  if (provider.kind === 'oidc') return discover(openid, provider, fetch);
  const config = new openid.Configuration(githubEndpoints(issuer), clientId, clientSecret);
  config[openid.customFetch] = fetch;
  config.timeout = providerLimits.answerSeconds;
  if (isLoopback(new URL(issuer).hostname)) openid.allowInsecureRequests(config);
  return config;
}

async function discover(
  openid: Library,
  { issuer, clientId, clientSecret }: Provider,
  fetch: CustomFetch,
): Promise<Configuration> {
  const [byBasic, byPost] = [openid.ClientSecretBasic(clientSecret), openid.ClientSecretPost(clientSecret)];
  const authenticate: ClientAuth = (server, ...request) => {
    // Without a word about it, it is client_secret_basic (OpenID Connect Discovery §3).
    const takesPost = server.token_endpoint_auth_methods_supported?.includes('client_secret_post') === true;
    return (takesPost ? byPost : byBasic)(server, ...request);
  };
  const execute = [openid.enableNonRepudiationChecks];
  if (isLoopback(new URL(issuer).hostname)) execute.push(openid.allowInsecureRequests);
  const options = { execute, [openid.customFetch]: fetch, timeout: providerLimits.answerSeconds };
  return openid.discovery(new URL(issuer), clientId, { client_secret: clientSecret }, authenticate, options);
}

/** Of github.com, or of a GitHub Enterprise Server. */
function githubEndpoints(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/login/oauth/authorize`,
    token_endpoint: `${issuer}/login/oauth/access_token`,
  };
}

interface Answered {
  readonly provider: Provider;
  readonly currentUrl: URL;
  readonly expected: Expected;
}

async function identifyByOpenId(
  openid: Library,
  config: Configuration,
  { provider, currentUrl, expected: { state, nonce, verifier } }: Answered,
): Promise<Identified> {
  const tokens = await openid.authorizationCodeGrant(config, currentUrl, {
    ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier },
    // Not the library's default: an answer without an ID token would pass.
    idTokenExpected: true,
  });
  const claims = tokens.claims() ?? {};
  const identity = identityIn(provider, claims);
  const knowsNoEmail = provider.trustEmail && !('email' in claims);
  if ('refused' in identity || !knowsNoEmail || config.serverMetadata().userinfo_endpoint === undefined)
    return identity;
  // Many providers put the e-mail only here.
  const { email, email_verified } = await openid.fetchUserInfo(config, tokens.access_token, identity.subject);
  return identityIn(provider, { ...claims, email, email_verified });
}

async function identifyAtGithub(
  openid: Library,
  config: Configuration,
  { provider, currentUrl, expected: { state, verifier } }: Answered,
): Promise<Identified> {
  const checks = { expectedState: state, pkceCodeVerifier: verifier };
  const { access_token: token } = await openid.authorizationCodeGrant(config, currentUrl, checks);
  const { issuer } = provider;
  const api = issuer === 'https://github.com' ? 'https://api.github.com' : `${issuer}/api/v3`;
  const read = async (path: string): Promise<unknown> => {
    const headers = new Headers({ accept: 'application/vnd.github+json', 'user-agent': 'countersign' });
    const url = new URL(`${api}${path}`);
    const answer = await openid.fetchProtectedResource(config, token, url, 'GET', undefined, headers);
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
    return answer.json();
  };
  const user = await read('/user');
  return githubIdentityIn(provider, user, provider.trustEmail ? await read('/user/emails') : []);
}

const deniedReason = 'provider_denied';

function refusalOf(openid: Library, error: unknown): AuthorityError {
  const { code } = error as { readonly code?: string };
  if (error instanceof openid.AuthorizationResponseError)
    return refused(error.error === 'access_denied' ? deniedReason : 'provider_error', error);
  if (error instanceof openid.ResponseBodyError || error instanceof openid.WWWAuthenticateChallengeError)
    return refused('provider_error', error);
  // What names no rule of the protocol is the network's, or a server that is in trouble; keys may be new.
  const isProtocol = code !== undefined && protocolFaults.has(code);
  return isProtocol ? refused('provider_answer', error) : unavailable(error);
}

/** Codes of the library for an answer that breaks a rule. */
const protocolFaults = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
  'OAUTH_PARSE_ERROR',
  'OAUTH_UNSUPPORTED_OPERATION',
]);

function refused(reason: string, cause: unknown): AuthorityError {
  return new AuthorityError('provider_refused', { reason, cause });
}

function unavailable(cause: unknown): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'provider', cause });
}
