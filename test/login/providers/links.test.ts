/** Linking an identity with an account, and unlinking it. */
import t from 'tap';
import { password } from '../../support/authority.ts';
import { claimsOf } from '../../support/clients.ts';
import { aGuard, said } from '../../support/guards.ts';
import { mailSettings, startMailServer } from '../../support/mailServer.ts';
import { startOidcProvider } from '../../support/oidcProvider.ts';
import { createVisitor } from '../../support/providerJourney.ts';
import {
  entryOf,
  isCompletion,
  newIssuer,
  startAt,
  startWithProvider,
} from '../../support/providerSignIn.ts';
import { createShiftedClock } from '../../support/shiftedClock.ts';

const boss = 'boss@example.com';
const revoked = '401 invalid_token revoked';

async function startWithBoss(t: Parameters<typeof startWithProvider>[0], options: object = {}) {
  const node = await startWithProvider(t, options);
  await node.register(boss);
  const { access_token: token } = await node.login(boss);
  const links = async (of = token) =>
    (await node.call('GET', '/auth/providers/links', { token: of })).body.links;
  const unlink = (id: string, of = token) =>
    node.call('DELETE', `/auth/providers/links/${id}`, { token: of });
  return { ...node, token, links, unlink };
}

t.test('link, sign in, unlink: the sessions that it opened end with effect', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const node = await startWithBoss(t, { env: mailSettings(mail) });
  const { link, signIn, token, links, unlink, authority, issuer, grpcPort, serviceToken } = node;
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], {
    ...{ serviceToken, audience: 'countersign', issuer },
  });
  await guard.ready();
  const linked = await link(token);
  t.equal(linked.status, 201);
  t.match(await mail.mailTo(boss), { subject: 'A way to log in was added', text: /ACME/ });
  const { id } = linked.body;
  t.match(await links(), [{ id, provider: 'acme', label: 'ACME', last_used_at: null }]);
  const { sub: userId } = claimsOf(token);
  t.match(await authority.operations.listAudit({ limit: 1 }), [
    { type: 'factor_added', userId, reason: 'provider', detail: { factor: id, provider: 'acme' } },
  ]);
  t.equal((await link(token)).body.id, id, 'the same once more changes nothing');

  const opened = (await signIn()).body.access_token;
  t.equal(claimsOf(opened).sub, userId);
  for (const each of [opened, token]) t.equal(await said(guard, each), 'accepted');
  t.equal((await unlink(id)).status, 204);
  t.equal(await said(guard, opened), revoked, 'the first request after the answer');
  t.equal(await said(guard, token), 'accepted', 'not opened by it');
  t.match(await mail.mailTo(boss), { subject: 'A way to log in was removed', text: /ACME/ });
  t.strictSame(await links(), []);
  t.equal((await unlink(id)).status, 404);
  t.match(
    (await authority.operations.listAudit({ limit: 5 })).find(({ type }) => type === 'factor_removed'),
    { userId, reason: 'provider', detail: { factor: id } },
  );
});

t.test('"this was not me" in the mail takes the link back', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const { link, token, call, signIn } = await startWithBoss(t, { env: mailSettings(mail) });
  await link(token);
  const { token: notMe } = await mail.mailTo(boss);
  t.equal((await call('POST', '/auth/not-me', { body: { token: notMe } })).status, 204);
  t.equal((await call('GET', '/auth/me', { token })).status, 401, 'all sessions ended');
  const body = (await signIn()).body;
  t.not(claimsOf(body.access_token).sub, claimsOf(token).sub, 'a new user: it is linked no more');
});

t.test('who may link', async (t) => {
  const clock = createShiftedClock();
  const { token, link, issuer, call, login, register, signIn } = await startWithBoss(t, {
    ...{ clock, env: { ACCESS_TOKEN_TTL: '30m' } },
  });
  t.equal((await call('POST', '/auth/providers/acme/link')).status, 401, 'nobody without a token');
  t.equal((await call('POST', '/auth/providers/nobody/link', { token })).status, 404);
  t.equal(
    (await call('POST', '/auth/providers/acme/link', { token, body: { return_to: '//x' } })).status,
    400,
  );
  t.equal((await link(token)).status, 201);
  await register('mallory@example.com');
  const { access_token: foreign } = await login('mallory@example.com');
  t.match(await link(foreign), { status: 409, body: { code: 'identity_taken' } });
  t.equal(claimsOf((await signIn()).body.access_token).sub, claimsOf(token).sub, 'it is whose it was');
  clock.shift(11 * 60_000);
  t.match(await link(token), { status: 401, body: { code: 'insufficient_user_authentication' } });
  t.match(await call('DELETE', '/auth/providers/links/019b76da-a800-7000-8000-000000000002', { token }), {
    status: 401,
    body: { code: 'insufficient_user_authentication' },
  });
  t.equal(issuer.startsWith('http'), true);
});

t.test('a wish to link ends with its session, and works in its browser only', async (t) => {
  const { token, complete, issuer, call, login, links, acme } = await startWithBoss(t);
  const begin = async (of: string, visitor = createVisitor()) => {
    const asked = await visitor.fetch(`${issuer}/auth/providers/acme/link`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${of}` } },
    });
    return { location: ((await asked.json()) as { location: string }).location, visitor };
  };
  const { location } = await begin(token);
  const victim = createVisitor();
  const { status } = await victim.visit(location);
  t.equal(status, 400, 'a victim who follows the address links nothing');

  const other = (await login(boss)).access_token;
  const { location: next, visitor } = await begin(other);
  const { url } = await visitor.visit(next, isCompletion);
  await call('POST', '/auth/logout', { token: other });
  const handle = url.searchParams.get('handle') ?? '';
  t.match(await complete(visitor, handle), { status: 400, body: { code: 'invalid_attempt' } });
  t.strictSame(await links(), []);

  const both = await begin(token);
  const pages = [];
  for (const sub of ['one', 'two']) {
    acme.account = { sub };
    const arrived = await both.visitor.visit(both.location, isCompletion);
    pages.push(arrived.url.searchParams.get('handle'));
  }
  t.equal(pages.filter((each) => each !== null).length, 1, 'one state, one identity');
});

t.test('the last way in stays', async (t) => {
  const at = await newIssuer();
  const one = await startOidcProvider(t, { redirectUris: [at.callbackOf('one')] });
  const two = await startOidcProvider(t, { redirectUris: [at.callbackOf('two')] });
  const { signIn, link, call } = await startAt(t, at, [entryOf('one', one), entryOf('two', two)]);
  const { access_token: token } = (await signIn('one')).body;
  const links = async () => (await call('GET', '/auth/providers/links', { token })).body.links;
  const [{ id }] = await links();
  const unlink = (which: string) => call('DELETE', `/auth/providers/links/${which}`, { token });
  t.match(await unlink(id), { status: 409, body: { code: 'last_way_in' } });
  t.match(await call('DELETE', `/auth/factors/${id}`, { token }), { status: 409 }, 'the other door');
  two.account = { sub: 'x' };
  const second = await link(token, 'two');
  t.equal(second.status, 201);
  const answers = await Promise.all([unlink(second.body.id), unlink(second.body.id)]);
  t.ok(answers.some(({ status }) => status === 204));
  t.match(await unlink(id), { status: 409 }, 'after the other went');
  t.equal((await links()).length, 1);
});

t.test('a recovery that is the first proof of an address unlinks what a stranger linked', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const { token, link, call, signIn } = await startWithBoss(t, { env: mailSettings(mail) });
  t.equal((await link(token)).status, 201, 'by whoever registered the address');
  await mail.mailTo(boss);
  await call('POST', '/auth/recovery', { body: { email: boss } });
  const { token: recovery } = await mail.mailTo(boss);
  const body = { token: recovery, new_password: `${password} again` };
  t.equal((await call('POST', '/auth/recovery/complete', { body })).status, 204);
  t.not(claimsOf((await signIn()).body.access_token).sub, claimsOf(token).sub);
});

t.test('a user has at most ten', async (t) => {
  const { token, link, acme } = await startWithBoss(t);
  for (let count = 0; count < 10; count += 1) {
    acme.account = { sub: `s${count}` };
    t.equal((await link(token)).status, 201);
  }
  acme.account = { sub: 'one more' };
  t.match(await link(token), { status: 400, body: { errors: [{ field: 'handle', rule: 'count' }] } });
});
