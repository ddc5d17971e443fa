/** Userinfo from entries in Redis: as exact as from the database. */
import t from 'tap';
import { answerIn, aVerifier, createVisits } from '../../support/authorizing.ts';
import { ownPage, withCookie } from '../../support/browserPage.ts';
import { eventually } from '../../support/eventually.ts';
import { basic, operator, startIssuer } from '../../support/oauthClients.ts';
import { sharedServers } from '../../support/twoNodes.ts';

const email = 'alice@example.com';
const callback = 'https://shop.example/callback';

t.test('userinfo', async (t) => {
  const { env } = await sharedServers(t);
  const node = await startIssuer(t, { env });
  const { issuer, call, client, register, form, authority, operationsPort } = node;
  await register(email);
  const scopes = ['email', 'phone'];
  const shop = await client('shop', { kind: 'app', scopes, redirectUris: [callback], isPairwise: true });
  const { authorize, signIn } = createVisits(issuer, call);
  const { verifier, challenge } = aVerifier();
  const cookie = await signIn(email);
  const seen = await authorize(
    {
      ...{ client_id: shop.id, redirect_uri: callback, response_type: 'code', state: 's' },
      ...{ code_challenge: challenge, code_challenge_method: 'S256', scope: 'openid email phone' },
    },
    cookie,
  );
  const redeemed = { code: answerIn(seen)['code'] ?? '', redirect_uri: callback, code_verifier: verifier };
  const as = basic(shop.id, shop.secret);
  const { body } = await form('/oauth2/token', { grant_type: 'authorization_code', ...redeemed }, as);
  const token = body.access_token;
  const userinfo = async () => (await call('GET', '/oauth2/userinfo', { token })).body;
  const hits = async () => {
    const metrics = String((await operationsPort('GET', '/metrics')).body);
    return Number(/^countersign_session_look_ups_total\{outcome="hit"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
  };
  const fromRedis = async () => {
    const before = await hits();
    const answer = await userinfo();
    return (await hits()) > before ? answer : undefined;
  };

  const first = await userinfo();
  t.match(first, { sub: /^[\w-]{43}$/, email, email_verified: false });
  let hit: unknown;
  await eventually('the entry is used', async () => {
    hit = await fromRedis();
    return hit !== undefined;
  });
  t.strictSame(hit, first, 'the same');
  await authority.operations.markEmailVerified({ email }, operator);
  t.match(await userinfo(), { email, email_verified: true }, 'the next answer knows');
  const logout = await call('POST', '/auth/logout?cookie', {
    headers: { ...ownPage, ...withCookie(cookie) },
  });
  t.equal(logout.status, 204);
  t.match(await userinfo(), { code: 'invalid_token' }, 'and a logout');
});
