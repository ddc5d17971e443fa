/** A client that is disabled, whose secret has expired, or that is public; and tokens of earlier issuers at `/oauth2/`. */
import t, { type Test } from 'tap';
import { rateBudgets } from '../../src/rateBudgets.ts';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { claimsOf } from '../support/clients.ts';
import {
  earlierIssuerName,
  foreignToken,
  issuersFile,
  newForeignKey,
  startJwks,
} from '../support/earlierIssuer.ts';
import { aGuard, said } from '../support/guards.ts';
import { behindProxy, from } from '../support/loginTries.ts';
import { basic, operator, startIssuer } from '../support/oauthClients.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const audience = 'orders.example';
const email = 'alice@example.com';
const hour = 60 * 60_000;
const own = { grant_type: 'client_credentials' };
const invalidClient = { status: 401, body: { error: 'invalid_client' } };
const refused = '401 invalid_token revoked';
const token = '/oauth2/token';

async function open(t: Test, env: Readonly<Record<string, string>> = {}) {
  let engine: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...how) => {
    engine = await openEngine(...how);
    return engine;
  };
  const issuer = await startIssuer(t, { openDatabase, env });
  const { serviceToken, grpcPort, form, login } = issuer;
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], {
    ...{ serviceToken, audience: 'countersign', issuer: issuer.issuer },
  });
  await issuer.register(email);
  await guard.ready();
  const refresh = async (client: string, refreshToken: string) =>
    form(token, { grant_type: 'refresh_token', client_id: client, refresh_token: refreshToken });
  return {
    ...{ ...issuer, refresh },
    verdict: (accessToken: string) => said(guard, accessToken),
    /** A session of Alice at a public client, as if she had logged in there. */
    async sessionAt(client: string) {
      const { session_id: id, refresh_token: refreshToken } = await login(email);
      await engine?.prisma.session.update({ where: { id }, data: { clientId: client } });
      const { status, body } = await refresh(client, refreshToken);
      t.equal(status, 200);
      return body as { access_token: string; refresh_token: string };
    },
  };
}

t.test('an application is disabled: its users’ tokens are refused, their sessions wait for it', async (t) => {
  const { operations, client, login, sessionAt, refresh, verdict, authority } = await open(t);
  const [shop, other] = [
    await client('shop', { kind: 'app', isPublic: true }),
    await client('other', { kind: 'app', isPublic: true }),
  ];
  const [here, elsewhere, firstParty] = [
    await sessionAt(shop.id),
    await sessionAt(other.id),
    await login(email),
  ];
  t.equal(claimsOf(here.access_token)['client_id'], shop.id);
  t.equal(await verdict(here.access_token), 'accepted');
  const { sessions, effect } = await operations.disableClient('shop', operator);
  t.equal(sessions, 1);
  t.ok((effect?.milliseconds ?? Number.NaN) > 0);
  t.equal(await verdict(here.access_token), refused);
  for (const { access_token: each } of [elsewhere, firstParty]) t.equal(await verdict(each), 'accepted');
  t.match(await refresh(shop.id, here.refresh_token), invalidClient);
  t.strictSame(
    await operations.disableClient(shop.id, operator),
    { sessions: 0, effect: undefined },
    'again',
  );
  const events = await authority.operations.listAudit({ type: 'client_disabled' });
  t.match(events, [{ reason: 'shop', detail: { client_id: shop.id } }]);
  t.equal(events.length, 1);

  await operations.enableClient('shop', operator);
  t.equal(await verdict(here.access_token), refused, 'what was refused stays so');
  const after = await refresh(shop.id, here.refresh_token);
  t.equal(after.status, 200, 'the session lives on');
  t.equal(await verdict(after.body.access_token), 'accepted');
  t.equal(claimsOf(after.body.access_token).sid, claimsOf(here.access_token).sid);
});

t.test(
  'a service that may exchange tokens is disabled: every token that it can have is refused',
  async (t) => {
    const { operations, client, login, form, call, grpc, verdict } = await open(t);
    const service = await client('orders', { permissions: ['tokens.exchange'] });
    const plain = await client('plain');
    const as = basic(service.id, service.secret);
    const first = await login(email);
    const exchange = (subject: string) =>
      form(
        token,
        {
          ...{ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: subject },
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
        as,
      );
    const exchanged = (await exchange(first.access_token)).body.access_token;
    const itsOwn = (await form(token, own, as)).body.access_token;
    for (const each of [first.access_token, exchanged, itsOwn]) t.equal(await verdict(each), 'accepted');
    t.strictSame(
      await operations.disableClient('plain', operator),
      { sessions: 0, effect: undefined },
      'one that may not has none but its own',
    );
    t.equal(await verdict(exchanged), 'accepted');

    t.match(await operations.disableClient('orders', operator), { sessions: 2 });
    for (const each of [first.access_token, exchanged, itsOwn]) t.equal(await verdict(each), refused);
    t.match(await grpc.isRevoked(claimsOf(itsOwn).jti), { revoked: true, reason: 'REASON_CLIENT_DISABLED' });
    const next = await call('POST', '/auth/refresh', { body: { refresh_token: first.refresh_token } });
    t.equal(next.status, 200, 'users stay logged in');
    t.equal(await verdict(next.body.access_token), 'accepted');
    t.match(await exchange(next.body.access_token), invalidClient);
    t.match(await form(token, own, basic(plain.id, plain.secret)), invalidClient);
  },
);

t.test('an expired secret is a wrong one, however it is sent', async (t) => {
  const clock = createShiftedClock();
  const { form, call, client, operations } = await startIssuer(t, { clock });
  const { id, secret } = await client('orders', { permissions: ['users.logout'] });
  const { token: next } = await operations.rotateServiceToken({ name: 'orders', keepOldMs: hour }, operator);
  const ways: readonly ((secret: string) => Promise<unknown>)[] = [
    (given) => form(token, own, basic(id, given)),
    (given) => form(token, { ...own, client_id: id, client_secret: given }),
    (given) => form(token, own, { authorization: `Bearer ${given}` }),
  ];
  for (const ask of ways) for (const each of [secret, next]) t.match(await ask(each), { status: 200 });
  clock.shift(hour);
  for (const ask of ways) {
    t.match(await ask(secret), invalidClient);
    t.match(await ask(next), { status: 200 });
  }
  const body = { sub_id: { format: 'opaque', id: 'x' } };
  t.equal((await call('POST', '/oauth2/global-token-revocation', { token: secret, body })).status, 401);
});

t.test('requests of a public client are counted, by its name and by where they come from', async (t) => {
  const tenth = { env: { ...behindProxy, RATE_LIMITS: '0.1' } };
  const { form, client } = await startIssuer(t, tenth);
  const [account, address] = [rateBudgets.oauth.account / 10, rateBudgets.oauth.address / 10];
  const names: string[] = [];
  for (let count = 0; count <= address / account; count += 1)
    names.push((await client(`spa${count}`, { kind: 'app', isPublic: true })).id);
  const { id, secret } = await client('orders');
  const ask = async (name: string, place: string) => {
    const fields = { grant_type: 'refresh_token', client_id: name, refresh_token: 'rt_x' };
    return (await form(token, fields, from(place))).status;
  };
  const [last = '', ...others] = names;
  for (const name of others) {
    for (let count = 0; count < account; count += 1) t.equal(await ask(name, '192.0.2.1'), 400, name);
    t.equal(await ask(name, '192.0.2.1'), 429, 'the client has used up its own');
  }
  t.equal(await ask(last, '192.0.2.1'), 429, 'and together they have used up that of the address');
  t.equal(await ask(last, '192.0.2.2'), 400, 'elsewhere');
  const proved = { ...basic(id, secret), ...from('192.0.2.1') };
  for (let count = 0; count <= address; count += 1)
    t.equal((await form(token, own, proved)).status, 200, 'a client that proves itself is not counted');
});

t.test('genuine refresh tokens of a public client are counted as at /auth/refresh', async (t) => {
  const { client, form, refresh, sessionAt } = await open(t, { RATE_LIMITS: '0.1' });
  const { id } = await client('spa', { kind: 'app', isPublic: true });
  const [ofClient, ofSession] = [rateBudgets.oauth.account / 10, rateBudgets.refresh.account / 10];
  t.ok(ofSession > ofClient);
  const first = await sessionAt(id);
  let tokens = first;
  for (let count = 1; count < ofSession; count += 1) {
    const { status, body } = await refresh(id, tokens.refresh_token);
    t.equal(status, 200);
    tokens = body;
  }
  t.equal((await refresh(id, tokens.refresh_token)).status, 429, 'for the session');
  const another = await sessionAt(id);
  const revoke = (each: string) => form('/oauth2/revoke', { client_id: id, token: each });
  t.equal((await revoke(another.refresh_token)).status, 200);
  for (let count = 0; count < ofClient; count += 1) t.equal((await refresh(id, 'rt_x')).status, 400);
  t.equal((await refresh(id, 'rt_x')).status, 429, 'others are counted for the client');
  t.equal((await revoke('rt_x')).status, 429, 'with those at other endpoints');
  t.equal((await revoke(tokens.refresh_token)).status, 200, 'and a genuine one not');
});

t.test('tokens of an earlier issuer: introspected and revoked like ours', async (t) => {
  const key = newForeignKey('RS256');
  const jwks = await startJwks(t, [key]);
  const env = { EARLIER_ISSUERS: issuersFile(t, { jwks: jwks.url }) };
  const { form, client, grpc } = await startIssuer(t, { env });
  const permissions = ['tokens.introspect', 'tokens.revoke'] as const;
  const [reader, plain, ofOrders] = [
    await client('reader', { permissions }),
    await client('plain'),
    await client('of-orders', { permissions, audiences: [audience] }),
  ];
  const introspect = (text: string, { id, secret } = reader) =>
    form('/oauth2/introspect', { token: text }, basic(id, secret));
  const revoke = (text: string, { id, secret } = reader) =>
    form('/oauth2/revoke', { token: text }, basic(id, secret));
  const [good, other] = [foreignToken(key), foreignToken(key)];
  const past = Date.now() - hour;
  const expired = foreignToken(key, { now: past });
  const forged = `${good.slice(0, good.lastIndexOf('.'))}.${'A'.repeat(342)}`;

  t.match((await introspect(good)).body, {
    ...{ active: true, token_type: 'Bearer', iss: earlierIssuerName, sub: 'f3b1c6f2', aud: 'shop' },
  });
  const inactive = (await introspect('x')).body;
  t.strictSame(inactive, { active: false });
  for (const each of [expired, forged]) t.strictSame((await introspect(each)).body, inactive);
  t.strictSame((await introspect(good, ofOrders)).body, inactive, 'for an audience of its own only');
  t.match(await introspect(good, plain), { status: 400, body: { error: 'unauthorized_client' } });

  t.match(await revoke(good, plain), { status: 400, body: { error: 'unauthorized_client' } });
  t.match((await introspect(good)).body, { active: true });
  for (const each of [expired, forged]) t.equal((await revoke(each)).status, 200, 'is not valid any more');
  t.match((await introspect(good)).body, { active: true }, 'a forged one revokes nothing');
  const answer = await revoke(good);
  t.equal(answer.status, 200);
  t.match(answer.headers.get('server-timing'), /^effect;dur=/);
  t.strictSame((await introspect(good)).body, inactive);
  t.match(await grpc.introspect(good), { active: false }, 'everywhere');
  t.match((await introspect(other)).body, { active: true });
  t.equal((await revoke(good)).status, 200, 'again');
});
