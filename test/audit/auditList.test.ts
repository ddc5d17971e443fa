/** What a list shows of whom an event is about, as it is known now, and what a program that names itself cannot do to it. */
import t from 'tap';
import { runCommand } from '../../src/transport/cli/commands.ts';
import { password, startAuthority } from '../support/authority.ts';

const email = 'alice@example.com';
const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

t.test('audit list', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const list = async (...argv: readonly string[]) => {
    const lines: string[] = [];
    const output = { out: (line: string) => void lines.push(line), err: () => {} };
    await runCommand(operations, { argv: ['audit', 'list', ...argv], input: undefined }, output);
    return lines;
  };
  const shown = async (session: string, type = 'login_succeeded') =>
    (await list('--session', session, '--type', type)).at(0)?.split('\t') ?? [];
  await authority.register(email);

  for (const [agent, program] of [
    [firefox, 'Firefox 140, Windows 10'],
    ['curl/8.5.0', 'curl 8'],
    ['a\tb\u009b31m/7', 'a?b?31m 7'],
  ] as const) {
    const { session_id: session } = await authority.login(email, { 'user-agent': agent });
    const columns = await shown(session);
    t.equal(columns.length, 12, JSON.stringify(agent));
    t.strictSame(columns.slice(7, 10), ['127.0.0.1', email, program]);
    const [json = '{}'] = await list('--session', session, '--type', 'login_succeeded', '--json');
    t.match(JSON.parse(json), { ip: '127.0.0.1', email });
  }

  const { session_id: last } = await authority.login(email);
  await operations.deleteUser({ email }, { name: 'operator' });
  const columns = await shown(last, 'session_ended');
  t.match(columns.slice(1, 4), ['session_ended', 'operator', /^[0-9a-f-]{36}$/]);
  t.strictSame(columns.slice(7, 10), ['-', '-', '-'], 'of a deleted user nothing is known any more');
  const wrong = { email: 'nobody@example.com', password };
  await authority.call('POST', '/auth/login', { body: wrong });
  const [failed = ''] = await list('--type', 'login_failed');
  t.strictSame(failed.split('\t').slice(7, 10), ['127.0.0.1', '-', '-'], 'nor of an e-mail that nobody has');
});
