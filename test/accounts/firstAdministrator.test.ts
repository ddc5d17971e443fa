/** `users make-admin`: the first administrator, from the command to a call of the API. */
import t from 'tap';
import { runCommand } from '../../src/transport/cli/commands.ts';
import { apiOfTests, loginEnrolling } from '../support/administrator.ts';
import { startAuthority, type TestAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { totpAt } from '../support/secondFactor.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const email = 'ada@example.com';
const newPassword = 'a password that only Ada knows';

/** As the control socket runs them. */
function commandsOf({ authority }: TestAuthority) {
  return async (...argv: string[]) => {
    const [lines, words]: [string[], string[]] = [[], []];
    const output = {
      out: (line: string) => void lines.push(line),
      err: (line: string) => void words.push(line),
    };
    const code = await runCommand(
      authority.operations,
      { argv, operator: 'tests', input: undefined },
      output,
    );
    return { code, lines, words: words.join('\n') };
  };
}

t.test('the link works once, and the first login adds a second factor', async (t) => {
  const authority = await startAuthority({ env: { REQUIRE_VERIFIED_EMAIL: 'on' } });
  t.teardown(() => authority.stop());
  const { call } = authority;
  const run = commandsOf(authority);
  const made = await run('users', 'make-admin', email);
  t.match(made, { code: 0, words: /administrator.*\n.*once, for 15 minutes/ });
  t.match(made.lines, [/^http:\/\/127\.0\.0\.1:8080\/auth\/recovery\/complete\?token=ot_[\w-]{43}$/]);
  t.notMatch(authority.log(), /ot_/, 'no log has it');

  const token = new URL(made.lines[0] ?? '').searchParams.get('token');
  const complete = () =>
    call('POST', '/auth/recovery/complete', { body: { token, new_password: newPassword } });
  t.equal((await complete()).status, 204);
  t.match(await complete(), { status: 400, body: { code: 'invalid_link' } });
  t.match(
    await authority.authority.operations.listAudit({ type: 'account_recovered' }),
    [{ reason: 'operator' }],
    'nobody proved by it to read the mail',
  );

  const admin = await loginEnrolling(authority, email, Date.now, newPassword);
  t.match(claimsOf(admin.token), { aud: apiOfTests, acr: '2fa', roles: ['admin'] });
  const list = await call('POST', '/api/KeyService/ListKeys', { token: admin.token });
  t.equal(list.status, 200);

  const again = await call('POST', '/auth/login', { body: { email, password: newPassword } });
  t.match(again, {
    status: 403,
    body: { code: 'second_factor_required', factors: ['totp'] },
  });
  const { login_token } = again.body;
  const used = { login_token, totp: totpAt(admin.secret, Date.now()) };
  t.equal((await call('POST', '/auth/login/factor', { body: used })).status, 401, 'the code was used');
});

t.test('repeated, and for a user who exists', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  const { call } = authority;
  const run = commandsOf(authority);
  await authority.register(email);
  const session = await authority.login(email);
  const refused = await run('users', 'make-admin', email);
  t.match(refused, { code: 1, words: /Nobody has proved/ }, 'a stranger may have registered it');
  t.strictSame((await run('roles', 'grants', '--user', email)).lines, []);
  await run('users', 'verify-email', email);
  for (const repeated of ['once', 'again'])
    t.match(await run('users', 'make-admin', email), { code: 0, lines: [email] }, repeated);
  t.equal(
    (await call('GET', '/auth/me', { token: session.access_token })).status,
    200,
    'nobody is logged out',
  );
  t.equal((await run('roles', 'grants', '--user', email)).lines.length, 1);

  const linkOf = async () => (await run('users', 'make-admin', email, '--link')).lines[0] ?? '';
  const complete = (link: string) =>
    call('POST', '/auth/recovery/complete', {
      body: { token: new URL(link).searchParams.get('token'), new_password: newPassword },
    });
  const [earlier, later] = [await linkOf(), await linkOf()];
  t.match(await complete(earlier), { body: { code: 'invalid_link' } }, 'the next link replaces it');
  clock.shift(16 * 60_000);
  t.match(await complete(later), { body: { code: 'invalid_link' } }, 'after a quarter of an hour');

  await run('users', 'disable', email);
  t.match(await run('users', 'make-admin', email, '--link'), { code: 1, words: /disabled/ });
  t.match(await run('users', 'make-admin', 'no address'), { code: 1, words: /^email: / });
  const json = await run('users', 'make-admin', 'bob@example.com', '--json');
  t.match(JSON.parse(json.lines[0] ?? ''), { email: 'bob@example.com', created: true, link: /ot_/ });
});

t.test('other scopes of the API and of the role stay', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const operator = { name: 'operator' };
  await operations.setResource(
    { audience: apiOfTests, scopes: ['own.scope'], everyone: [], accessTtlMs: 60_000 },
    operator,
  );
  await operations.setRole({ name: 'admin', audience: apiOfTests, scopes: ['own.scope'] }, operator);
  await authority.register(email);
  await operations.makeAdmin({ email }, operator);
  const [resource] = await operations.listResources();
  t.match(resource, { accessTtlMs: 60_000 });
  t.ok(resource?.scopes.includes('own.scope') && resource.scopes.includes('keys.manage'));
  const [role] = await operations.listRoles();
  t.strictSame(role?.audiences[0]?.scopes, resource?.scopes);
});
