/**
 * N × N: every kind of token that is issued, and every other kind of JWT under our own key, at everything that takes
 * a token (J27). Each consumer accepts one kind. RFC 8725 §3.11 and §3.12: it tells them apart by `typ`.
 */

import { systemClock } from '@countersign/verifier/clock';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import type { Tokens } from '../support/authority.ts';
import { type Answer, claimsOf, statusOf } from '../support/clients.ts';
import { startWithKnownKey } from '../support/knownKey.ts';
import { createRevocationClient } from '../support/revocationClient.ts';
import { openTokenForge } from '../support/tokenForge.ts';

const now = Date.UTC(2030, 0, 1, 12);
const authority = await startWithKnownKey({ ...systemClock, now: () => now });
t.teardown(() => authority.stop());
const { call, grpc, serviceToken, key } = authority;
const client = createRevocationClient(`127.0.0.1:${authority.grpcPort}`, serviceToken);
t.teardown(() => client.close());
await authority.register('alice@example.com');

/** JWTs that are not access tokens: what `typ` they have, and the claims that make them what they are. */
const foreign: Readonly<Record<string, readonly [typ: string | undefined, claims: object]>> = {
  'an ID token (OpenID Connect Core §2)': ['JWT', { nonce: 'n', at_hash: 'h', azp: 'first-party' }],
  'an ID token without typ': [undefined, { nonce: 'n' }],
  'a refresh token that is a JWT': ['refresh+jwt', {}],
  'a logout token (OpenID Connect Back-Channel Logout §2.4)': [
    'logout+jwt',
    { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
  ],
  'a security event token (RFC 8417)': [
    'secevent+jwt',
    { events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} } },
  ],
  'a DPoP proof (RFC 9449)': ['dpop+jwt', { htm: 'GET', htu: 'https://auth.example/auth/me' }],
  'a status list (draft-ietf-oauth-status-list)': [
    'statuslist+jwt',
    { status_list: { bits: 1, lst: 'eNo' } },
  ],
  'an introspection answer (RFC 9701)': [
    'token-introspection+jwt',
    { token_introspection: { active: true } },
  ],
  'a client assertion (RFC 7523)': ['client-authentication+jwt', {}],
};

/** Of no session that exists. */
const someJti = newJti(newId<SessionId>(now), now, 0);

/** The kinds of one session; foreign ones have every claim of an access token, and their own. */
async function kindsOf({ access_token, refresh_token }: Tokens): Promise<Record<string, string>> {
  const { sid, sub } = claimsOf(access_token);
  const forge = await openTokenForge(now, { key, session: { sid: sid as SessionId, sub } });
  const foreignKinds = Object.entries(foreign).map(([kind, [typ, claims]]) => [
    kind,
    forge.ofTexts(JSON.stringify({ ...forge.header, typ }), JSON.stringify({ ...forge.claims, ...claims })),
  ]);
  return {
    access: access_token,
    refresh: refresh_token,
    service: serviceToken,
    ...Object.fromEntries(foreignKinds),
  };
}

const login = () => authority.login('alice@example.com');
const ofHttp = async (answer: Promise<Answer>) => {
  const { status, body } = await answer;
  return status < 300 ? 'accepted' : `${status} ${body.code}`;
};
const ofGrpc = async (answer: Promise<unknown>) => {
  const status = await statusOf(answer);
  return status === 'OK' ? 'accepted' : status;
};
const refreshBody = (token: string) => ({ body: { refresh_token: token } });

interface Consumer {
  readonly name: string;
  readonly accepts: 'access' | 'refresh' | 'service';
  readonly refusal: string;
  readonly says: (token: string) => Promise<string>;
}

const bearer = (name: string, method: string, path: string): Consumer => ({
  name,
  accepts: 'access',
  refusal: '401 invalid_token',
  says: (token) => ofHttp(call(method, path, { token })),
});

const consumers: readonly Consumer[] = [
  bearer('GET /auth/me', 'GET', '/auth/me'),
  bearer('GET /auth/sessions', 'GET', '/auth/sessions'),
  bearer('POST /auth/logout-all', 'POST', '/auth/logout-all'),
  bearer('POST /auth/logout, bearer', 'POST', '/auth/logout'),
  {
    name: 'POST /auth/logout, refresh_token',
    accepts: 'refresh',
    refusal: '401 invalid_grant',
    says: (token) => ofHttp(call('POST', '/auth/logout', refreshBody(token))),
  },
  {
    name: 'POST /auth/refresh',
    accepts: 'refresh',
    refusal: '401 invalid_grant',
    says: (token) => ofHttp(call('POST', '/auth/refresh', refreshBody(token))),
  },
  {
    name: 'Introspect',
    accepts: 'access',
    refusal: 'inactive',
    says: async (token) => ((await grpc.introspect(token)).active ? 'accepted' : 'inactive'),
  },
  {
    name: 'Revoke',
    accepts: 'access',
    refusal: 'INVALID_ARGUMENT',
    says: (token) => ofGrpc(client.revoke({ token })),
  },
  {
    name: 'the metadata of a gRPC call',
    accepts: 'service',
    refusal: 'UNAUTHENTICATED',
    says: (token) => ofGrpc(grpc.isRevoked(someJti, token)),
  },
];

t.test('each consumer accepts its own kind, and no other', async (t) => {
  for (const { name, accepts, refusal, says } of consumers) {
    const { [accepts]: own, ...others } = await kindsOf(await login());
    for (const [kind, token] of Object.entries(others))
      t.equal(await says(token), refusal, `${name}: ${kind}`);
    // Last, since it may end the session of them all; which so far nothing has.
    t.equal(await says(own as string), 'accepted', `${name}: its own, ${accepts}`);
  }
});

t.test('it is by typ alone that another JWT is refused', async (t) => {
  const { sid, sub } = claimsOf((await login()).access_token);
  const forge = await openTokenForge(now, { key, session: { sid: sid as SessionId, sub } });
  for (const [kind, [, claims]] of Object.entries(foreign))
    t.ok((await grpc.introspect(forge.withClaims(claims))).active, `${kind}, if it were an at+jwt`);
});

t.test('nothing of all this was an error of ours', (t) => {
  t.notMatch(authority.log(), /"level":"(warn|error|fatal)"|"status":5\d\d/);
  t.notMatch(authority.log(), /eyJ|[rs]t_[\w-]{20}/, 'and no token of any kind was logged');
  t.end();
});
