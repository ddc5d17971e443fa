/** Who runs a command, as the command says; and commands whose reader goes away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { runCommand } from '../../../src/transport/cli/commands.ts';
import { actorOfOperator, operatorName } from '../../../src/transport/cli/operator.ts';
import { startAuthority } from '../../support/authority.ts';
import { copyOfEmbeddedDatabase } from '../../support/pglite.ts';
import { shortLived } from '../../support/process.ts';
import { distFolder } from '../../support/server.ts';

const { username, uid } = userInfo();

t.test('what a command says, and what is made of it', async (t) => {
  t.equal(operatorName({}), `${username}(${uid})`);
  t.equal(operatorName({ SUDO_USER: 'alice' }), `${username}(${uid}),sudo:alice`);
  t.equal(operatorName({ SUDO_USER: 'DOM\\al ice\tx' }), `${username}(${uid}),sudo:DOM_al_ice_x`);
  for (const [said, actor] of [
    ['alice(1000)', 'operator:alice(1000)'],
    ['root(0),sudo:alice', 'operator:root(0),sudo:alice'],
    [operatorName({ SUDO_USER: 'x'.repeat(100) }), /^operator:.*,sudo:x{32}$/],
    [undefined, 'operator'],
    ['', 'operator'],
    ['alice', 'operator'],
    ['service:billing(1)', 'operator'],
    ['a\tb(1)', 'operator'],
    [`${'x'.repeat(33)}(1)`, 'operator'],
    [{ toString: 'x' }, 'operator'],
  ] as const) {
    t.match(actorOfOperator(said), { name: actor }, JSON.stringify(said));
  }
});

t.test('the audit log has it, of every command that changes something', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  await authority.register('alice@example.com');
  await authority.login('alice@example.com');
  const quiet = { out: () => {}, err: () => {} };
  const user = 'alice@example.com';
  for (const [argv, type] of [
    [['users', 'create', 'bob@example.com'], 'user_created'],
    [['services', 'create', 'billing'], 'service_created'],
    [['services', 'rotate', 'billing'], 'service_token_rotated'],
    [['services', 'revoke', 'billing'], 'service_revoked'],
    [['revoke', 'user', user], 'all_sessions_ended'],
    [['users', 'disable', user], 'user_disabled'],
    [['users', 'enable', user], 'user_enabled'],
    [['users', 'unlock', user], 'user_unlocked'],
    [['users', 'show', user], 'user_data_read'],
    [['users', 'delete', user], 'user_deleted'],
    [['restored', '--keep-sessions'], 'database_restored'],
  ] as const) {
    const request = { argv, input: undefined, operator: 'root(0),sudo:alice' };
    t.equal(await runCommand(operations, request, quiet), 0, argv.join(' '));
    const events = await operations.listAudit({ type, limit: 1 });
    t.match(events, [{ actor: 'operator:root(0),sudo:alice' }], argv.join(' '));
  }
});

t.test('a command as a process', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const start = (argv: readonly string[]) =>
    spawn(process.execPath, [...shortLived, join(distFolder, 'cli.js'), ...argv], {
      env: { PATH: process.env['PATH'], DATA_DIR: dataDir, SUDO_USER: 'alice' },
    });
  const run = async (argv: readonly string[]) => {
    const child = start(argv);
    const [[code], out, err] = await Promise.all([
      once(child, 'close'),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, out, err };
  };
  const created = await run(['services', 'create', 'billing']);
  t.equal(created.code, 0, created.err);
  const listed = await run(['audit', 'list', '--type', 'service_created']);
  t.match(listed.out.split('\t')[2], `operator:${username}(${uid}),sudo:alice`);

  for (const argv of [['--help'], ['audit', 'list'], ['services', 'revoke', 'billing']]) {
    const child = start(argv);
    // As `| head -0`: nobody reads any of it.
    child.stdout.destroy();
    const [[code], err] = await Promise.all([once(child, 'close'), text(child.stderr)]);
    t.equal(code, 0, `${argv.join(' ')}: done, although nobody reads`);
    t.notMatch(err, /EPIPE| {4}at /, argv.join(' '));
  }
  t.match((await run(['services', 'list'])).out, /^billing\t.*\trevoked\t/m, 'it was done');
});
