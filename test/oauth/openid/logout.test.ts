/** OpenID Connect beyond the code: pairwise subjects, bound codes, RP-initiated logout, and clients that are told of an end. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import t, { type Test } from 'tap';
import { notificationLimits } from '../../../src/notifications/limits.ts';
import { answerIn, aVerifier, createVisits } from '../../support/authorizing.ts';
import { ownPage, withCookie } from '../../support/browserPage.ts';
import { claimsOf } from '../../support/clients.ts';
import { eventually } from '../../support/eventually.ts';
import { basic, operator, startIssuer } from '../../support/oauthClients.ts';
import { aProver } from '../../support/proofs.ts';

const alice = 'alice@example.com';
const event = 'http://schemas.openid.net/event/backchannel-logout';

/** Takes logout tokens; refuses the first `refusals`. */
async function startBackchannel(t: Test, refusals: number) {
  const seen: { readonly token: string; readonly type: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const token = new URLSearchParams(Buffer.concat(chunks).toString()).get('logout_token') ?? '';
    seen.push({ token, type: request.headers['content-type'] });
    response.writeHead(seen.length > refusals ? 200 : 500).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { seen, uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel` };
}

async function open(t: Test, refusals = 0) {
  const opened = await startIssuer(t);
  const { issuer, call, client, register, form } = opened;
  const { user_id: userId } = (await register(alice)).body as { user_id: string };
  const backchannel = await startBackchannel(t, refusals);
  const callback = 'https://shop.example/callback';
  const shop = await client('shop', {
    ...{ kind: 'app', redirectUris: [callback], isPairwise: true, backchannelLogoutUri: backchannel.uri },
    postLogoutRedirectUris: ['https://shop.example/bye'],
  });
  const visits = createVisits(issuer, call);
  const cookie = await visits.signIn(alice);
  const start = async (
    given: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
    by = cookie,
  ) => {
    const { verifier, challenge } = aVerifier();
    const asked = {
      ...{ client_id: shop.id, redirect_uri: callback, response_type: 'code', scope: 'openid email' },
      ...{ code_challenge: challenge, code_challenge_method: 'S256', nonce: 'n-1', ...given },
    };
    const { code = '' } = answerIn(await visits.authorize(asked, by));
    const redeemed = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
      code_verifier: verifier,
    };
    return form('/oauth2/token', redeemed, { ...basic(shop.id, shop.secret), ...headers });
  };
  return { ...opened, ...visits, backchannel, shop, cookie, start, userId };
}

t.test('a client is told of every end, after it is in effect', async (t) => {
  const { issuer, start, shop, backchannel, operations, grpc, userId } = await open(t, 1);
  const { body: tokens } = await start();
  const { sub } = claimsOf(tokens.id_token);
  t.not(sub, userId, 'a name of its own for the user');
  const info = await fetch(`${issuer}/oauth2/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  t.match(await info.json(), { sub, email: alice, email_verified: false });
  const { jti, sid } = claimsOf(tokens.access_token);
  await operations.disableUser({ email: alice }, operator);
  await eventually('told again after a refusal', () => backchannel.seen.length === 2, 20_000);
  t.match(await grpc.isRevoked(jti), { revoked: true });
  for (const { token, type } of backchannel.seen) {
    t.equal(type, 'application/x-www-form-urlencoded');
    const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(token, keys, { issuer, audience: shop.id, typ: 'logout+jwt' });
    t.match(payload, { sub, sid, events: { [event]: {} } });
    t.equal(payload['nonce'], undefined, 'it is no ID token');
  }
  const [first, second] = backchannel.seen.map(({ token }) => claimsOf(token).jti);
  t.equal(first, second, 'a repetition can be told');
});

t.test('a client that cannot be reached is let alone for a while, and the next one is told', async (t) => {
  const { start, signIn, call, client, backchannel, cookie } = await open(t);
  let asked = 0;
  const away = createServer(({ socket }) => {
    asked += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(away, 'listening');
  t.teardown(() => away.close());
  const uri = `http://127.0.0.1:${(away.address() as AddressInfo).port}/backchannel`;
  const other = await client('other', {
    ...{ kind: 'app', redirectUris: ['https://shop.example/callback'], backchannelLogoutUri: uri },
  });
  const logOut = (by: string) =>
    call('POST', '/auth/logout?cookie', { headers: { ...ownPage, ...withCookie(by) } });
  for (let browser = 0; browser < 12; browser += 1) {
    const by = await signIn(alice);
    t.match(await start({ client_id: other.id }, basic(other.id, other.secret), by), { status: 200 });
    t.match(await logOut(by), { status: 204 });
  }
  await start();
  await logOut(cookie);
  await eventually('the shop is told', () => backchannel.seen.length === 1);
  const { sendsAtOnce } = notificationLimits;
  t.ok(asked <= sendsAtOnce, `it was asked ${asked} times, then let alone`);
});

t.test('RP-initiated logout', async (t) => {
  const { issuer, start, visit, cookie, grpc, shop, register, signIn } = await open(t);
  const signInAs = async (email: string) => {
    await register(email);
    return signIn(email);
  };
  const { body: tokens } = await start();
  const { jti } = claimsOf(tokens.access_token);
  const bye = 'https://shop.example/bye';
  const logout = async (given: Readonly<Record<string, string>>, by: string | undefined = cookie) => {
    const sent = await visit(`/oauth2/logout?${new URLSearchParams(given)}`);
    return visit(sent.to ?? '', by);
  };
  const rows = [
    [
      'another address',
      { id_token_hint: tokens.id_token, post_logout_redirect_uri: 'https://evil.example/' },
    ],
    ['no client', { post_logout_redirect_uri: bye }],
    ['an access token as hint', { id_token_hint: tokens.access_token }],
    ['an altered hint', { id_token_hint: `${tokens.id_token.slice(0, -2)}AA` }],
    ['another client', { id_token_hint: tokens.id_token, client_id: 'x' }],
  ] as const;
  for (const [what, given] of rows) {
    const seen = await logout(given);
    t.match({ status: seen.status, to: seen.to }, { status: 400, to: undefined }, what);
  }
  const asked = await logout({ client_id: shop.id, post_logout_redirect_uri: bye, state: 'x&y' });
  t.match(
    asked.body,
    /<form method="post" action="\/oauth2\/logout\/confirm">/,
    'without a hint, the user is asked',
  );
  t.match(await grpc.isRevoked(jti), { revoked: false }, 'and nothing has ended');
  const done = await logout({ id_token_hint: tokens.id_token, post_logout_redirect_uri: bye, state: 'x&y' });
  t.match({ status: done.status, to: done.to }, { status: 200, to: `${bye}?state=x%26y` });
  t.match(done.headers.get('set-cookie') ?? '', /Max-Age=0/);
  t.match(done.headers.get('server-timing') ?? '', /effect;dur=/);
  t.match(await grpc.isRevoked(jti), { revoked: true }, 'in effect when it is answered');
  const bobs = await signInAs('bob@example.com');
  const foreign = await logout({ id_token_hint: tokens.id_token }, bobs);
  t.match(foreign.body, '/oauth2/logout/confirm', 'of another user: nobody is logged out by a link');
  t.equal(foreign.headers.get('set-cookie'), null);
  const form = { client_id: shop.id, post_logout_redirect_uri: bye };
  const confirmed = await visit('/oauth2/logout/confirm', cookie, form);
  t.match({ status: confirmed.status, to: confirmed.to }, { status: 200, to: bye }, 'a repetition succeeds');
  t.equal(new URL(issuer).protocol, 'http:');
});

t.test('a code that is bound to a key', async (t) => {
  const { issuer, start } = await open(t);
  const [prover, other] = [aProver(), aProver()];
  const url = `${issuer}/oauth2/token`;
  const proofOf = (by: typeof prover) => ({ dpop: by.proof({ method: 'POST', url }) });
  const given = { dpop_jkt: prover.jkt };
  t.match(await start(given), { status: 400, body: { error: 'invalid_grant' } }, 'without a proof');
  t.match(
    await start(given, proofOf(other)),
    { status: 400, body: { error: 'invalid_grant' } },
    'another key',
  );
  const { body } = await start(given, proofOf(prover));
  t.match(body, { token_type: 'DPoP' });
  t.match(claimsOf(body.access_token), { cnf: { jkt: prover.jkt } });
  const asBearer = await fetch(`${issuer}/oauth2/userinfo`, {
    headers: { authorization: `Bearer ${body.access_token}` },
  });
  t.equal(asBearer.status, 401, 'a bound token as bearer token fails at userinfo, too');
});
