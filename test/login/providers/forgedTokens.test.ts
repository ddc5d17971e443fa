/** ID tokens that are not as they must be, of a provider that answers with whatever the test says. */
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { claimsOf } from '../../support/clients.ts';
import { foreignToken, jwksOf, newForeignKey } from '../../support/earlierIssuer.ts';
import { newIssuer, startAt } from '../../support/providerSignIn.ts';

const clientId = 'countersign';
const clientSecret = randomUUID();

interface Granted {
  readonly issuer: string;
  readonly nonce: string;
}

/** The answer of the token endpoint, without the access token. */
type Answer = (granted: Granted) => object;

const [key, foreign] = [newForeignKey('RS256'), newForeignKey('RS256')];
const usual = ({ issuer, nonce }: Granted) => ({ iss: issuer, aud: clientId, sub: 'ada', nonce });
const token = (granted: Granted, claims: object = {}, header: object = {}, by = key) =>
  foreignToken(by, {
    claims: { ...usual(granted), typ: undefined, azp: undefined, ...claims },
    header: { ...header },
  });
const withClaims = (claims: object): Answer => {
  return (granted) => ({ id_token: token(granted, claims) });
};

async function start(t: Test) {
  const provider = { issuer: '', answer: (() => ({})) as Answer };
  const nonces = new Map<string, string>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', provider.issuer);
    const json = (body: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const { issuer } = provider;
    if (pathname === '/auth') {
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({ code: 'x', state: searchParams.get('state') ?? '' }).toString();
      nonces.set('x', searchParams.get('nonce') ?? '');
      return response.writeHead(302, { location: back.href }).end();
    }
    if (pathname === '/jwks') return response.end(jwksOf([key]));
    if (pathname === '/token') {
      const access = { access_token: 'x', token_type: 'Bearer' };
      return json({ ...access, ...provider.answer({ issuer, nonce: nonces.get('x') ?? '' }) });
    }
    return json({
      ...{ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` },
      ...{ jwks_uri: `${issuer}/jwks`, id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'] },
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const entry = { name: 'acme', label: 'ACME', issuer: provider.issuer, trust_email: true };
  const own = { client_id: clientId, client_secret: clientSecret };
  return { provider, ...(await startAt(t, await newIssuer(), [{ ...entry, ...own }])) };
}

const email = { email: 'ada@example.com', email_verified: true };
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1000);

/** Not signed by the provider's key. */
const unsigned: Answer = (granted) => {
  const [, payload] = token(granted, email).split('.');
  return { id_token: `${encode({ alg: 'none' })}.${payload}.` };
};
const signedWithSecret: Answer = (granted) => {
  const [, payload] = token(granted, email).split('.');
  const input = `${encode({ alg: 'HS256' })}.${payload}`;
  return { id_token: `${input}.${createHmac('sha256', clientSecret).update(input).digest('base64url')}` };
};
const changed: Answer = (granted) => {
  const [header, payload = '', signature] = token(granted, email).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return { id_token: `${header}.${encode({ ...claims, x: 1 })}.${signature}` };
};

t.test('ID tokens', async (t) => {
  const { provider, signIn } = await start(t);
  provider.answer = withClaims(email);
  const first = await signIn();
  t.equal(first.status, 200, 'a good one');
  t.ok(claimsOf(first.body.access_token).sub);

  for (const [what, answer] of [
    ['none', () => ({})],
    ['an empty one', () => ({ id_token: '' })],
    ['no text', () => ({ id_token: 7 })],
    ['no JWT', () => ({ id_token: 'x.y.z' })],
    ['of another issuer', withClaims({ iss: 'https://evil.example' })],
    ['of an issuer with one slash more', (granted) => withClaims({ iss: `${granted.issuer}/` })(granted)],
    ['without an issuer', withClaims({ iss: undefined })],
    ['for another client', withClaims({ aud: 'another' })],
    ['for two clients, and another one asked', withClaims({ aud: [clientId, 'another'], azp: 'another' })],
    ['for nobody', withClaims({ aud: undefined })],
    ['of another attempt', withClaims({ nonce: 'x' })],
    ['of no attempt', withClaims({ nonce: undefined })],
    ['expired', withClaims({ exp: seconds() - 60 })],
    ['that never expires', withClaims({ exp: undefined })],
    ['of no time', withClaims({ iat: undefined })],
    ['not valid yet', withClaims({ nbf: seconds() + 600 })],
    ['about nobody', withClaims({ sub: undefined })],
    ['about a number', withClaims({ sub: 7 })],
    ['about an empty name', withClaims({ sub: '' })],
    ['about too long a name', withClaims({ sub: 'x'.repeat(256) })],
    ['not signed', unsigned],
    ['signed with the secret of the client', signedWithSecret],
    ['that was changed', changed],
    [
      'signed by another key with its name',
      (granted) => {
        return { id_token: token(granted, email, { kid: key.kid }, foreign) };
      },
    ],
    ['signed by a key of nobody', (granted) => ({ id_token: token(granted, email, {}, foreign) })],
  ] as const satisfies readonly (readonly [string, Answer])[]) {
    provider.answer = answer;
    const { status } = await signIn();
    t.ok(status === 403 || status === 503, `${what}: ${status}`);
  }
  provider.answer = withClaims(email);
  t.equal((await signIn()).status, 200, 'a good one after all of them');
});
