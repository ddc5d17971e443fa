/** What somebody without a credential can read: a table of all there is. */
import t from 'tap';
import { keptFolder, startAuthority, type TestAuthority } from '../../support/authority.ts';

/** Read with GET; whatever else there is wants a body or a token. */
const readable: Readonly<Record<string, number>> = {
  '/': 200,
  // The pages are public; what they show is not.
  // These lead to their pages.
  '/account': 301,
  '/account/{*}': 200,
  '/admin': 301,
  '/admin/{*}': 200,
  '/pages/{file}': 404,
  '/.well-known/jwks.json': 200,
  '/.well-known/oauth-authorization-server': 200,
  '/.well-known/openid-configuration': 200,
  '/health/live': 200,
  '/health/ready': 200,
  '/auth/me': 401,
  '/auth/account': 401,
  '/auth/activity': 401,
  '/auth/apps': 401,
  '/auth/session/end': 401,
  '/auth/sessions': 401,
  '/auth/factors': 401,
  '/auth/providers': 200,
  '/auth/providers/links': 401,
  '/auth/providers/{name}/start': 404,
  // Without a cookie nobody has begun anything.
  '/auth/providers/{name}/callback': 400,
  '/sign-in': 200,
  '/sign-in/recovery': 200,
  '/sign-in/register': 200,
  '/sign-in/provider': 400,
  // Without parameters there is nothing to go on with.
  '/oauth2/authorize': 400,
  '/oauth2/authorize/resume': 400,
  '/oauth2/userinfo': 401,
  // Nobody is signed in, so there is nothing to ask.
  '/oauth2/logout': 200,
  '/oauth2/logout/resume': 200,
  // Pages of links in mails: without a token there is nothing to show.
  '/auth/email/verify': 400,
  '/auth/factors/reset/stop': 400,
  '/auth/not-me': 400,
  '/auth/recovery/complete': 400,
};

t.test('what a stranger can read', async (t) => {
  const { call, operations, stop } = await startAuthority();
  t.teardown(stop);
  const { paths } = (await call('GET', '/docs/json')).body as {
    paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const found = Object.entries(paths).flatMap(([path, methods]) => ('get' in methods ? [path] : []));
  t.strictSame(found.sort(), Object.keys(readable).sort(), 'every route that can be read is known here');
  for (const [path, expected] of Object.entries(readable)) {
    const { status, headers } = await call('GET', path);
    t.equal(status, expected, path);
    const place = headers.get('location');
    if (status === 301) t.equal((await call('GET', `${place}`)).status, 200, `${path} leads to ${place}`);
  }
  for (const path of ['/metrics', '/health', '/debug', '/health/ready/database'])
    t.equal((await call('GET', path)).status, 404, path);
  const { name, ...places } = (await call('GET', '/')).body as Record<string, string>;
  t.equal(name, 'Countersign');
  for (const place of Object.values(places)) t.ok((await call('GET', place)).status < 400, place);
  t.strictSame((await call('GET', '/health/ready')).body, {
    status: 'ready',
    parts: { process: 'ready', database: 'ready', deny_list: 'ready', key_ring: 'ready', truth: 'ready' },
  });
  t.match(
    (await operations('GET', '/metrics')).body,
    /^# HELP countersign_checks_total/m,
    'on the operations port',
  );
});

t.test('no metric tells whether an e-mail is registered', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register('ada@example.com');
  const wrongly = async (email: string) => {
    await authority.call('POST', '/auth/login', { body: { email, password: 'not the right one' } });
    const { body } = await authority.operations('GET', '/metrics');
    const ours = String(body)
      .split('\n')
      .filter((line) => line.startsWith('countersign_') && !/_seconds(_sum|_bucket)?[ {]/.test(line));
    return ours.sort();
  };
  await wrongly('nobody@example.com');
  const [before, known, unknown] = [
    await wrongly('nobody@example.com'),
    await wrongly('ada@example.com'),
    await wrongly('nobody@example.com'),
  ];
  const changed = (from: readonly string[], to: readonly string[]) =>
    to.filter((line) => !from.includes(line)).map((line) => line.replace(/ .*/, ''));
  t.strictSame(changed(before, known), changed(known, unknown), 'the same series count either');
});

t.test(
  'whether strangers may register is said at the start, when there are users and no setting says it',
  async (t) => {
    const { dataDir } = await keptFolder(t);
    const said = async (registration: string, work?: (authority: TestAuthority) => Promise<unknown>) => {
      const authority = await startAuthority({ dataDir, env: { REGISTRATION: registration } });
      await work?.(authority);
      await authority.stop();
      return authority
        .log()
        .split('\n')
        .filter((line) => line.includes('REGISTRATION')).length;
    };
    t.equal(await said('', ({ register }) => register('ada@example.com')), 0, 'while there are none');
    t.equal(await said(''), 1);
    t.equal(await said('open'), 0);
  },
);
