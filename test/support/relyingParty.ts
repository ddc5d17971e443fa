/** An application with users, as `openid-client` makes one: it sends the browser to the authority and gets it back. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as oidc from 'openid-client';
import type { Test } from 'tap';

export interface RelyingParty {
  readonly origin: string;
  /** What the last callback got; undefined before. */
  readonly tokens: () => Tokens | undefined;
  /** Parameters of the next authorization requests. */
  ask: Readonly<Record<string, string>>;
  /** Pushes its requests (RFC 9126). */
  pushes: boolean;
  configure(config: oidc.Configuration): void;
}

export type Tokens = oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers;

/** At `localhost`, while the authority is at 127.0.0.1: another site. */
export async function startRelyingParty(t: Test): Promise<RelyingParty> {
  let config: oidc.Configuration | undefined;
  let tokens: Tokens | undefined;
  let started: oidc.AuthorizationCodeGrantChecks = {};
  const party = { ask: {}, pushes: false } as { ask: Record<string, string>; pushes: boolean };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin);
    if (config === undefined) throw new Error('not configured');
    answer(config, url, response).catch((error) => {
      response.end(`failed: ${error.error ?? error.code ?? ''} ${error.error_description ?? error.message}`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });

  async function answer(to: oidc.Configuration, url: URL, response: ServerResponse): Promise<void> {
    if (url.pathname === '/callback') {
      tokens = await oidc.authorizationCodeGrant(to, url, started);
      response.end(`signed in as ${tokens.claims()?.sub}`);
    } else if (url.pathname === '/logout') {
      const parameters = { id_token_hint: tokens?.id_token ?? '', post_logout_redirect_uri: `${origin}/bye` };
      response.writeHead(302, { location: oidc.buildEndSessionUrl(to, parameters).href }).end();
    } else if (url.pathname === '/bye') response.end('bye');
    else response.writeHead(302, { location: (await authorizationUrl(to)).href }).end();
  }

  async function authorizationUrl(to: oidc.Configuration): Promise<URL> {
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
    started = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
    const parameters = {
      ...{ redirect_uri: `${origin}/callback`, scope: 'openid email', state: expectedState },
      ...{ nonce: expectedNonce, code_challenge_method: 'S256' },
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      ...party.ask,
    };
    return party.pushes
      ? oidc.buildAuthorizationUrlWithPAR(to, parameters)
      : oidc.buildAuthorizationUrl(to, parameters);
  }

  return Object.assign(party, {
    origin,
    tokens: () => tokens,
    configure(given: oidc.Configuration) {
      config = given;
    },
  });
}
