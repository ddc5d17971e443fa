/** kill -9 between the commit and the sending: the mail arrives after the next start. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { password } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { mailSettings, parse, startMailServer } from '../support/mailServer.ts';
import { startServer } from '../support/server.ts';
import { sharedServers } from '../support/twoNodes.ts';

async function folder(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mail-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

t.test('none is lost', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const dataDir = await folder(t);
  const { env } = await sharedServers(t);
  const start = async () => {
    const server = await startServer(dataDir, { ...env, ...mailSettings(mail) });
    t.teardown(() => server.stop());
    return server;
  };
  // The recipient is named, and nothing is answered: the mail is under way, and the commit is done.
  mail.behave('silent');
  const first = await start();
  const emails = ['ada@example.com', 'bob@example.com', 'eve@example.com'];
  for (const email of emails) {
    await first.call('POST', '/auth/register', { body: { email, password } });
    t.equal((await first.call('POST', '/auth/recovery', { body: { email } })).status, 202);
  }
  await eventually('all are under way', () => mail.tries === emails.length);
  await first.stop();
  t.equal(mail.mails.length, 0);

  mail.behave(undefined);
  // As if two minutes had passed: the claims of the dead node end.
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  t.equal((await client.query("UPDATE outbox SET due_at = now() WHERE channel = 'mail'")).rowCount, 3);
  await client.end();
  const second = await start();
  for (const email of emails) await mail.mailTo(email);
  const [{ token }] = [mail.mails[0] ?? { token: '' }];
  const body = { token, new_password: `another ${password}` };
  t.equal((await second.call('POST', '/auth/recovery/complete', { body })).status, 204, 'their links work');
});

t.test('without a mail server, a mail is a file that only the owner can read', async (t) => {
  const dataDir = await folder(t);
  const server = await startServer(dataDir, { LOG_LEVEL: 'info' });
  t.teardown(() => server.stop());
  const email = 'ada@example.com';
  await server.call('POST', '/auth/register', { body: { email, password } });
  await server.call('POST', '/auth/recovery', { body: { email } });
  const [, path = ''] = await server.process.waitForOutput(/"path":"([^"]+\.eml)"/);
  t.equal(path, join(dataDir, 'mail', (await readdir(join(dataDir, 'mail'))).join()));
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.equal((await stat(join(dataDir, 'mail'))).mode & 0o777, 0o700);
  const { token, subject } = parse(await readFile(path, 'latin1'));
  t.equal(subject, 'Set a new password');
  t.match(token, /^ot_/);
  t.notOk(server.process.stderr().includes(token), 'the log has the path only');
});
