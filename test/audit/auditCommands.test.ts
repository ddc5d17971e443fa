/** The audit log on the command line, beside a running authority and by itself. */
import { rm } from 'node:fs/promises';
import t from 'tap';
import { createSealAudit } from '../../src/audit/sealAudit.ts';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage } from '../../src/storage/postgres/storage.ts';
import { tamper } from '../support/auditTables.ts';
import { password } from '../support/authority.ts';
import { countersign } from '../support/commandLine.ts';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { startServer } from '../support/server.ts';

t.test('audit list and verify', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const run = (...argv: string[]) => countersign(dataDir, 'audit', ...argv);
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());
  const body = { email: 'alice@example.com', password };
  const { user_id: user } = (await server.call('POST', '/auth/register', { body })).body;
  const { session_id: session } = (await server.call('POST', '/auth/login', { body })).body;

  await t.test('list', async (t) => {
    const [line = ''] = (await run('list', '--limit', '1')).lines;
    const [at, type, actor, ...others] = line.split('\t');
    t.match([type, actor, others.slice(0, 3)], ['login_succeeded', 'user', [user, session, 'password']]);
    t.match(at, /^2\d{3}-.*Z$/);
    const [json = ''] = (await run('list', '--session', session, '--json')).lines;
    const newest = JSON.parse(json);
    t.match(newest, {
      ...{ type: 'login_succeeded', actor: 'user', user_id: user, session_id: session, reason: 'password' },
      ...{ occurred_at: at, ip: '127.0.0.1', request_id: /./ },
    });
    const types = async (...argv: string[]) =>
      (await run('list', ...argv)).lines.map((each) => each.split('\t')[1]);
    t.strictSame(await types('--user', user), ['login_succeeded', 'user_registered']);
    t.strictSame(await types('--user', user, '--after', newest.id), ['user_registered']);
    t.strictSame(await types('--type', 'service_created'), ['service_created']);
    t.strictSame(await types('--since', '2000-01-01T00:00:00Z', '--until', '2000-01-02T00:00:00Z'), []);
    t.strictSame(await types('--user', user, '--since', '1969-01-01T00:00:00Z', '--limit', '1'), [
      'user_data_read',
    ]);
    for (const [argv, code, words] of [
      [['--type', 'nothing'], 1, /^type: must be one of user_registered, /],
      [['--limit', '0'], 1, /^limit: must be a number from 1 to 1000/],
      [['--since', 'yesterday'], 2, /^--since: must be a time/],
      [['everything'], 2, /takes no arguments/],
    ] as const) {
      t.match(await run('list', ...argv), { code, lines: [], words }, argv.join(' '));
    }
  });

  t.match(await run('verify'), { code: 0, lines: [/^seals\t\d+$/, /^events\t\d+$/, /^unsealed\t\d+$/] });
  await server.stop();

  const engine = await openEngine(dataDir, undefined);
  await createSealAudit(createStorage(engine))();
  await engine.close();
  const verified = await run('verify');
  t.match(verified, {
    code: 0,
    lines: [/^seals\t\d+$/, /^events\t\d+$/, 'unsealed\t0', /^head\t\d+:[0-9a-f]{64}$/],
  });
  // Beside an authority they take a tenth of the time.
  const again = await startServer(dataDir);
  t.teardown(() => again.stop());
  const head = verified.lines.at(-1)?.split('\t')[1] ?? '';
  const [number = '', hash = ''] = head.split(':');
  const [json = ''] = (await run('verify', '--expect', head, '--json')).lines;
  t.match(JSON.parse(json), { verified: true, unsealed: 0, head: { number: Number(number), hash } });
  const other = `${number}:${'0'.repeat(64)}`;
  t.match(await run('verify', '--expect', other), {
    code: 1,
    words: `Seal ${number}: the chain lacks the expected seal.`,
  });
  t.match(await run('verify', '--expect', '1'), { code: 2, words: /^--expect: must be NUMBER:HASH/ });
  t.match(await run('verify', '--retention', '30d'), { code: 0, lines: verified.lines });
  t.match(await run('verify', '--retention', '30'), {
    code: 2,
    words: /^--retention: must be a duration as 30d; given "30"/,
  });
  t.match(await run('verify', '--retention', '1h'), { code: 1, words: /^retention: must be at least 1d/ });

  await again.stop();
  const opened = await openEngine(dataDir, undefined);
  await tamper(
    await opened.connect(),
    `UPDATE audit_events SET reason = 'other' WHERE type = 'login_succeeded'`,
  );
  await opened.close();
  const changed = await run('verify', '--json');
  t.match(JSON.parse(changed.lines[0] ?? ''), {
    verified: false,
    fault: { seal: Number(number), what: 'event_changed' },
  });
  t.match(changed, { code: 1, words: `Seal ${number}: an event that it covers was changed.` });
});
