/** Support on the command line: who a user is, what they have, and taking lost factors away. */
import { rm } from 'node:fs/promises';
import t from 'tap';
import { password } from '../support/authority.ts';
import { countersign } from '../support/commandLine.ts';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { enrolled, secondStepAt } from '../support/secondFactor.ts';
import { startServer } from '../support/server.ts';

const alice = 'alice@example.com';

t.test('users list, show and reset-factors; audit list of an e-mail', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());
  const run = (...argv: string[]) => countersign(dataDir, ...argv);
  const { call } = server;
  const register = (email: string) => call('POST', '/auth/register', { body: { email, password } });
  const login = async (email: string) =>
    (await call('POST', '/auth/login', { body: { email, password } })).body;
  const user = await enrolled({ call, register, login }, alice, Date.now);
  await register('bob@example.com');
  const { begin, finish } = secondStepAt({ call });
  const [code] = user.recoveryCodes;
  const { access_token: token } = (await finish(await begin(alice), { recovery_code: code })).body;

  const all = (await run('users', 'list')).lines.map((line) => line.split('\t'));
  t.match(all, [
    [/^[0-9a-f-]{36}$/, alice, 'active', 'unproved', /Z$/],
    [/^[0-9a-f-]{36}$/, 'bob@example.com', 'active', 'unproved', /Z$/],
  ]);
  const [id = ''] = all[0] ?? [];
  t.match(
    (await run('users', 'list', '--after', id, '--json')).lines.map((line) => JSON.parse(line)),
    [{ email: 'bob@example.com', state: 'active', email_verified: false }],
  );
  t.equal((await run('users', 'list', '--limit', '1')).lines.length, 1);
  for (const bad of [
    ['--limit', 'many'],
    ['--limit', '0'],
    ['--after', 'x'],
  ])
    t.match(await run('users', 'list', ...bad), { code: 1, lines: [] });

  const shown = JSON.parse((await run('users', 'show', 'Alice@Example.com', '--json')).lines[0] ?? '');
  t.match(shown, {
    ...{ user_id: id, email: alice, state: 'active', email_verified: false },
    ...{ factors: ['totp', 'recovery_code'], recovery_codes_left: 9 },
    sessions: [{ acr: '2fa' }, { acr: '1fa' }],
    sign_ins: [{ type: 'login_succeeded', reason: 'recovery_code' }, { reason: 'password' }],
  });
  const text = (await run('users', 'show', alice)).lines;
  t.match(text.slice(0, 6), [
    `user\t${id}`,
    `e-mail\t${alice}`,
    'e-mail proved\tunproved',
    'state\tactive',
    'factors\ttotp, recovery_code',
    'recovery codes\t9',
  ]);
  t.match(await run('users', 'show', 'nobody@example.com'), { code: 1, words: /^There is no such user/ });

  for (const repeated of ['once', 'again'])
    t.match(await run('users', 'verify-email', alice), { code: 0, lines: [id] }, repeated);
  t.match((await run('users', 'show', alice)).lines, { 2: 'e-mail proved\tproved' });
  t.equal((await run('audit', 'list', '--type', 'email_verified')).lines.length, 1);
  t.match(await run('users', 'send-recovery', alice), { code: 0, lines: [id] });
  t.match((await run('audit', 'list', '--type', 'recovery_requested')).lines, [/\(\d+\)/]);
  for (const command of ['verify-email', 'send-recovery'])
    t.match(await run('users', command, 'nobody@example.com'), { code: 1, words: /^There is no such user/ });

  const events = async (who: string) => (await run('audit', 'list', '--user', who)).lines;
  const read = await events(alice);
  t.strictSame(
    (await events(id)).filter((line) => !read.includes(line)).map((line) => line.split('\t')[1]),
    ['user_data_read'],
    'one event more: that somebody read them',
  );
  t.match(read.join('\n'), /\tfactor_added\t/);
  t.match(await run('audit', 'list', '--user', 'nobody@example.com'), { code: 1 });

  const planned = JSON.parse((await run('users', 'reset-factors', alice, '--json')).lines[0] ?? '');
  t.match(planned, { user_id: id, ended_sessions: 0, due_at: /Z$/ });
  t.match((await run('users', 'show', alice)).lines, { 6: `factors reset at\t${planned.due_at}` });
  const stop = ['reset-factors', alice, '--stop'];
  t.match(await run('users', ...stop), { code: 0, lines: [id], words: /^The reset is stopped/ });
  t.match(await run('users', ...stop), { code: 0, words: /^There was no reset/ });
  t.match(await run('users', ...stop, '--now', 'x'), { code: 2 });
  t.match(await run('users', 'reset-factors', alice, '--now', ' '), { code: 1, words: /must say why/ });

  const atOnce = ['reset-factors', alice, '--now', 'showed an identity card'];
  const reset = await run('users', ...atOnce, '--json');
  t.strictSame(JSON.parse(reset.lines[0] ?? ''), { user_id: id, ended_sessions: 2, due_at: null });
  t.equal((await call('GET', '/auth/me', { token })).status, 401);
  t.type((await login(alice)).access_token, 'string');
  t.match((await events(alice)).join('\n'), /\tfactors_reset\toperator/);
  t.match(await run('users', ...atOnce), { code: 0, lines: [id], words: /^Second factors removed/ });
  t.match((await run('audit', 'list', '--type', 'factors_reset')).lines[0], /showed an identity card/);

  const set = await run('users', 'set-one-time-password', alice);
  t.match(set, { code: 0, words: /good for one login until/ });
  const [oneTime = ''] = set.lines;
  t.match(oneTime, /^([0-9A-Z]{4}-){5}[0-9A-Z]{4}$/, '24 characters of 32: 120 bits');
  const first = await call('POST', '/auth/login', { body: { email: alice, password: oneTime } });
  t.match(first, { status: 403, body: { code: 'password_change_required', password_token: /^ot_/ } });
});
