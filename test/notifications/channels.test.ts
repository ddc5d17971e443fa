/** The webhook for phones, and when a mail may travel without TLS. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { systemClock } from '@countersign/verifier/clock';
import type { MessageId } from '@countersign/verifier/ids';
import t from 'tap';
import type { SendFault } from '../../src/notifications/channel.ts';
import { notificationLimits } from '../../src/notifications/limits.ts';
import { createMailChannel } from '../../src/notifications/mail.ts';
import type { Message } from '../../src/notifications/message.ts';
import { createSmsWebhook } from '../../src/notifications/webhook.ts';
import { startMailServer } from '../support/mailServer.ts';
import { createManualClock } from '../support/manualClock.ts';

const id = '019b76da-a800-7000-8000-000000000002' as MessageId;
const sms = {
  channel: 'sms',
  template: 'verify_phone',
  to: '+4915112345678',
  locale: 'de',
  data: { code: '012345', minutes: 10 },
} as const;
const recovery = {
  ...({ channel: 'mail', template: 'recovery', to: 'ada@example.com', locale: 'en' } as const),
  data: { at: 0, link: 'https://auth.example.com/x?token=ot_1', minutes: 15 },
} satisfies Message;
const outcome = (sending: Promise<void>) =>
  sending.then(
    () => 'sent',
    ({ message }: SendFault) => message,
  );

t.test('the webhook gets a signed message, and each try is the same one', async (t) => {
  const got: { headers: IncomingHttpHeaders; body: string }[] = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    got.push({ headers: request.headers, body: await text(request) });
    if (status !== 0) response.writeHead(status, { location: '/elsewhere' }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sms`;
  const clock = createManualClock(1_764_453_240_500);
  const channel = createSmsWebhook({ url, secret: 'a shared secret', clock });
  const rows = [
    [200, 'sent'],
    [204, 'sent'],
    [302, 'webhook 302'],
    [400, 'webhook 400'],
    [503, 'webhook 503'],
  ] as const;
  for (const [answered, expected] of rows) {
    status = answered;
    t.equal(await outcome(channel.send(id, sms)), expected);
  }
  t.equal(got.length, rows.length, 'a redirect is not followed');
  for (const { headers, body } of got) {
    t.equal(headers['idempotency-key'], id);
    t.equal(headers['countersign-timestamp'], '1764453240');
    const signature = createHmac('sha256', 'a shared secret').update(`1764453240.${body}`).digest('hex');
    t.equal(headers['countersign-signature'], `v1=${signature}`);
    const { text: said, ...rest } = JSON.parse(body);
    t.strictSame(rest, { id, channel: 'sms', to: sms.to, template: 'verify_phone', locale: 'de' });
    t.match(said, /^012345 ist Ihr Code/);
  }
  status = 0;
  const silent = outcome(channel.send(id, sms));
  await once(server, 'request');
  await clock.advance(10_000);
  t.equal(await silent, 'webhook timeout');
  t.equal(clock.timers(), 0);
  const nobody = createSmsWebhook({ url: 'http://127.0.0.1:1/', secret: 'x', clock: systemClock });
  t.equal(await outcome(nobody.send(id, sms)), 'webhook unreachable');
});

t.test('a mail leaves this machine over TLS only, unless plaintext is allowed', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const from = { name: '', address: 'no-reply@example.com' };
  const login = { username: undefined, password: undefined };
  const send = (host: string, allowPlaintext: boolean, tls = false) => {
    const server = { ...login, host, port: mail.port, tls };
    return outcome(
      createMailChannel({ server, from, allowPlaintext, clock: systemClock }).send(id, recovery),
    );
  };
  // The same server, by an address that is not known as one of this machine.
  const elsewhere = '::ffff:127.0.0.1';
  t.equal(await send('127.0.0.1', false), 'sent');
  t.match(await send(elsewhere, false), /^smtp ETLS/);
  t.equal(await send(elsewhere, true), 'sent');
  t.match(await send('127.0.0.1', true, true), /^smtp /, 'smtps is never without TLS');
  t.equal(mail.mails.length, 2);
});

t.test(
  'a mail server that never closes its side: the connection ends without an error that nobody hears',
  async (t) => {
    const connections: Socket[] = [];
    const answers: Readonly<Record<string, string>> = {
      EHLO: '250 here',
      DATA: '354 go on',
      QUIT: '221 bye',
    };
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      connections.push(socket);
      socket.on('error', () => {});
      socket.write('220 here\r\n');
      let inMessage = false;
      socket.on('data', (chunk) => {
        const text = chunk.toString('latin1');
        if (inMessage && !text.endsWith('\r\n.\r\n')) return;
        const verb = inMessage ? '' : text.slice(0, 4).toUpperCase();
        inMessage = verb === 'DATA';
        socket.write(`${answers[verb] ?? '250 ok'}\r\n`);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => {
      for (const socket of connections) socket.destroy();
      server.close();
    });
    const unheard: unknown[] = [];
    const hear = (error: unknown) => void unheard.push(error);
    process.on('uncaughtException', hear);
    t.teardown(() => process.off('uncaughtException', hear));
    const clock = createManualClock(0);
    const { port } = server.address() as AddressInfo;
    const login = { username: undefined, password: undefined };
    const channel = createMailChannel({
      server: { ...login, host: '127.0.0.1', port, tls: false },
      from: { name: '', address: 'no-reply@example.com' },
      ...{ allowPlaintext: true, clock },
    });
    t.equal(await outcome(channel.send(id, recovery)), 'sent');
    t.equal(clock.timers(), 1, 'its end is set');
    await clock.advance(notificationLimits.sendMilliseconds);
    t.equal(clock.timers(), 0);
    t.strictSame(unheard, []);
  },
);
