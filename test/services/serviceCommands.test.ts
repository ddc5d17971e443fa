/** Services and their tokens by the command line, as a running authority runs what it is asked. */
import t from 'tap';
import { runCommand } from '../../src/transport/cli/commands.ts';
import { startAuthority } from '../support/authority.ts';
import { createRpcClient } from '../support/rpcClient.ts';

t.test('services', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call, close } = createRpcClient(`127.0.0.1:${authority.grpcPort}`, '');
  t.teardown(close);
  const run = async (...argv: readonly string[]) => {
    const [lines, words]: [string[], string[]] = [[], []];
    const output = {
      out: (line: string) => void lines.push(line),
      err: (line: string) => void words.push(line),
    };
    const request = { argv: ['services', ...argv], input: undefined, operator: 'alice(1000)' };
    const code = await runCommand(authority.authority.operations, request, output);
    return { code, lines, words: words.join('\n') };
  };
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const listed = async (name: string) =>
    (await run('list')).lines.find((line) => line.startsWith(`${name}\t`))?.split('\t') ?? [];

  t.match(await run('create', 'plain'), { code: 0, lines: [/^st_[\w-]{43}$/], words: /shown only once/ });
  t.match(await listed('plain'), [
    ...['plain', 'tokens.check,tokens.introspect', /^2\S+Z$/, 'live', '-'],
    /^token of 2\S+Z by operator:alice\(1000\), expires never, used never$/,
  ]);
  t.match((await listed('first')).slice(0, 2), ['first', 'tokens.check,tokens.introspect,tokens.revoke']);

  const [made = ''] = (await run('create', 'billing', '--permission', 'tokens.check', '--expires-at', soon))
    .lines;
  const rotated = await run('rotate', 'billing', '--keep-old', '30m', '--expires-in', '90d');
  t.match(rotated, { code: 0, lines: [/^st_/], words: /shown only once\. The previous one ends at 2\S+Z:$/ });
  for (const token of [made, rotated.lines[0] ?? ''])
    t.match(await call('isRevoked', { externalId: '1' }, { token }), { revoked: false }, 'both are good');
  const [latest = '', before = '', ...others] = (await listed('billing')).slice(5);
  t.strictSame(others, []);
  const ends = (text: string) => Date.parse(/expires (\S+),/.exec(text)?.[1] ?? '') - Date.now();
  t.ok(Math.abs(ends(latest) - 90 * 86_400_000) < 60_000, latest);
  t.ok(Math.abs(ends(before) - 30 * 60_000) < 60_000, before);

  const json = (await run('list', '--json')).lines.map((line) => JSON.parse(line));
  const billing = json.find(({ name }) => name === 'billing');
  const shown = { created_at: /^2/, created_by: 'operator:alice(1000)', expires_at: /^2/ };
  t.match(billing, { state: 'live', certificate: '', tokens: [shown, shown] });
  t.match(json.find(({ name }) => name === 'plain')?.tokens, [{ expires_at: null, last_used_at: null }]);
  t.notMatch(JSON.stringify(json), /st_[\w-]{43}|hash/, 'neither a token nor its hash');
  const again = await run('rotate', 'plain', '--json');
  t.match(JSON.parse(again.lines[0] ?? ''), { name: 'plain', token: /^st_/, old_token_until: /^2/ });

  t.match(await run('revoke', 'billing'), { code: 0, lines: ['billing'] });
  t.equal((await listed('billing'))[3], 'revoked');
  for (const [argv, code, words] of [
    [['create', 'x', '--expires-in', '90'], 2, /^--expires-in: must be a duration as 30d/],
    [['create', 'x', '--expires-in', '1d', '--expires-at', soon], 2, /^--expires-at, --expires-in: give one/],
    [['create', 'x', '--expires-at', '2020-01-01T00:00:00Z'], 1, /^expires_at: must be in the future/],
    [['create', 'x', '--expires-in', '0s'], 1, /^expires_at: must be in the future/],
    [['rotate', 'plain', '--keep-old', 'soon'], 2, /^--keep-old: must be a duration/],
    [['rotate', 'plain', '--keep-old', '31d'], 1, /^keep_old: must be at most 30 days/],
    [['rotate', 'billing'], 1, /^There is no live service billing/],
    [['rotate'], 2, /exactly one NAME/],
  ] as const) {
    t.match(await run(...argv), { code, lines: [], words }, argv.join(' '));
  }
  const events = await authority.authority.operations.listAudit({ type: 'service_token_rotated' });
  t.match(events, [
    { actor: 'operator:alice(1000)', reason: 'plain' },
    { actor: 'operator:alice(1000)', reason: 'billing', detail: { token_expires_at: /^2/ } },
  ]);
});
