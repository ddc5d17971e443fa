/** Mails of the outbox: sent once when all goes well, at least once whatever happens, and never readable in the database. */
import pg from 'pg';
import t, { type Test } from 'tap';
import { notificationLimits } from '../../src/notifications/limits.ts';
import { password, startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { closedPort, mailSettings, startMailServer } from '../support/mailServer.ts';
import { createShiftedClock, hurried } from '../support/shiftedClock.ts';
import { sharedServers } from '../support/twoNodes.ts';

const ada = 'ada@example.com';

async function aMailServer(t: Test) {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  return mail;
}

async function aNode(t: Test, options: Parameters<typeof startAuthority>[0]) {
  const node = await startAuthority(options);
  t.teardown(() => node.stop());
  return node;
}

const recover = ({ call }: Awaited<ReturnType<typeof startAuthority>>, email = ada) =>
  call('POST', '/auth/recovery', { body: { email } });

t.test('a mail names its sender, its one recipient and itself', async (t) => {
  const mail = await aMailServer(t);
  const node = await aNode(t, { env: mailSettings(mail) });
  await node.call('POST', '/auth/register', {
    body: { email: ada, password },
    headers: { 'accept-language': 'fr;q=0.4, de-AT' },
  });
  t.equal((await recover(node)).status, 202);
  const { from, to, headers, subject, text, html, token } = await mail.mailTo(ada);
  t.strictSame([from, to], ['no-reply@example.com', [ada]]);
  t.equal(headers['from'], 'Example <no-reply@example.com>');
  t.equal(headers['to'], ada);
  t.equal(headers['auto-submitted'], 'auto-generated');
  t.match(headers['message-id'], /^<[0-9a-f-]{36}@example\.com>$/);
  t.equal(subject, 'Neues Passwort setzen', 'in the language of the registration');
  t.match(text, `http://127.0.0.1:8080/auth/recovery/complete?token=${token}\n`);
  t.match(html, `<a href="http://127.0.0.1:8080/auth/recovery/complete?token=${token}">`);
  const metrics = String((await node.operations('GET', '/metrics')).body);
  t.match(metrics, 'countersign_messages_total{channel="mail",outcome="sent"} 1\n');
});

t.test('several nodes send each mail once', async (t) => {
  const mail = await aMailServer(t);
  const { env } = await sharedServers(t);
  const settings = { ...env, ...mailSettings(mail) };
  const [one, two] = [await aNode(t, { env: settings }), await aNode(t, { env: settings })];
  const emails = Array.from({ length: 20 }, (_, index) => `user${index}@example.com`);
  await Promise.all(emails.map((email) => one.register(email)));
  await Promise.all(emails.map((email, index) => recover(index % 2 === 0 ? one : two, email)));
  for (const email of emails) await mail.mailTo(email);
  t.equal(mail.mails.length, emails.length);
});

t.test('a server that refuses, fails or is away: the mail is sent again, as the same mail', async (t) => {
  const port = await closedPort();
  const clock = createShiftedClock();
  const node = await aNode(t, { env: mailSettings({ url: `smtp://127.0.0.1:${port}` }), clock });
  await node.register(ada);
  await recover(node);
  const failures = async () => {
    const metrics = String((await node.operations('GET', '/metrics')).body);
    return Number(/outcome="failed"} (\d+)/.exec(metrics)?.[1] ?? 0);
  };
  await eventually('the server is away', async () => (await failures()) === 1);
  const mail = await startMailServer(port);
  t.teardown(() => mail.stop());
  for (const [index, how] of [{ rcpt: 450 }, { rcpt: 554 }, { data: 554 }].entries()) {
    mail.behave(how);
    clock.shift(60_000);
    // The outbox is looked at every few seconds; a commit wakes it.
    await recover(node, 'nobody@example.com');
    await eventually(JSON.stringify(how), async () => (await failures()) === index + 2);
  }
  mail.behave(undefined);
  clock.shift(120_000);
  await recover(node, 'nobody@example.com');
  const { token } = await mail.mailTo(ada);
  t.equal(
    (await node.call('POST', '/auth/recovery/complete', { body: { token, new_password: `new ${password}` } }))
      .status,
    204,
  );
});

t.test('a server that never ends holds no place for ever, and gets five connections at once', async (t) => {
  const mail = await aMailServer(t);
  const clock = hurried(createShiftedClock(), notificationLimits.sendMilliseconds);
  const node = await aNode(t, { env: mailSettings(mail), clock });
  const { sendsAtOnce } = notificationLimits;
  mail.behave('silent');
  for (let user = 0; user < 4 * sendsAtOnce; user += 1) {
    await node.register(`${user}.${ada}`);
    await recover(node, `${user}.${ada}`);
  }
  const failures = async () => {
    const metrics = String((await node.operations('GET', '/metrics')).body);
    return Number(/channel="mail",outcome="failed"} (\d+)/.exec(metrics)?.[1] ?? 0);
  };
  await eventually('all were tried', async () => (await failures()) >= 4 * sendsAtOnce);
  // The server may learn of an end after the next beginning.
  t.ok(mail.mostOpen <= 2 * sendsAtOnce, `${mail.mostOpen} at once`);
});

t.test(
  'a recipient that does not exist is dropped, and a mail too old is given up with an alarm',
  async (t) => {
    const mail = await aMailServer(t);
    const clock = createShiftedClock();
    const node = await aNode(t, { env: mailSettings(mail), clock });
    await node.register(ada);
    const outcome = async (which: string) => {
      const metrics = String((await node.operations('GET', '/metrics')).body);
      return metrics.includes(`countersign_messages_total{channel="mail",outcome="${which}"} 1\n`);
    };
    mail.behave({ rcpt: 550 });
    await recover(node);
    await eventually('refused', () => outcome('refused'));
    mail.behave({ rcpt: 450 });
    await recover(node);
    await eventually('failed', () => outcome('failed'));
    clock.shift(15 * 60_000);
    await recover(node, 'nobody@example.com');
    await eventually('given up', () => outcome('given_up'));
    t.match(node.log(), /"level":"error".*"a message was given up"/);
    t.equal(mail.mails.length, 0);
    t.notMatch(node.log(), ada, 'the log names nobody');
    const metrics = String((await node.operations('GET', '/metrics')).body);
    t.match(metrics, /countersign_outbox_waiting [01]\n/);
  },
);

t.test('a dump of the database holds no code and no link that works', async (t) => {
  const port = await closedPort();
  const clock = createShiftedClock();
  const mail = mailSettings({ url: `smtp://127.0.0.1:${port}` });
  const { env } = await sharedServers(t);
  const node = await aNode(t, { env: { ...env, ...mail }, clock });
  await node.register(ada);
  const { access_token: token } = await node.login(ada);
  t.equal((await node.call('POST', '/auth/email/verification', { token })).status, 202);
  t.equal((await recover(node)).status, 202);
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  t.teardown(() => client.end());
  const rows = async (table: string) =>
    (await client.query(`SELECT to_jsonb(t)::text AS row FROM ${table} AS t`)).rows.map(({ row }) =>
      String(row),
    );
  const dump = [...(await rows('outbox')), ...(await rows('one_time_tokens'))].join('\n');
  t.ok((await rows('outbox')).length >= 2, 'both wait');
  t.notMatch(dump, /ot_/);
  const server = await startMailServer(port);
  t.teardown(() => server.stop());
  clock.shift(120_000);
  await recover(node, 'nobody@example.com');
  const [first, second] = [await server.mailTo(ada), await server.mailTo(ada)];
  for (const { token, code } of [first, second]) {
    t.match(token, /^ot_/);
    const bytes = Buffer.from(token.slice(3), 'base64url').toString('hex');
    t.notOk(dump.includes(token.slice(3)) || dump.includes(bytes));
    if (code !== '') t.notOk(dump.includes(`"${code}"`));
  }
});
