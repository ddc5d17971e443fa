/** The example services, as somebody would start them: real processes, which load the built package by its name. */
import { parseJti } from '@countersign/verifier/tokens/jti';
import t, { type Test } from 'tap';
import { inCheckout } from '../support/checkout.ts';
import { createHttpClient } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { anAuthority, serviceToken } from '../support/guards.ts';
import { createOrderServiceClient } from '../support/orderService.ts';
import { startProcess } from '../support/process.ts';
import { type ScriptedAuthority, type ScriptedStream, serve } from '../support/scriptedAuthority.ts';
import { audience } from '../support/tokenForge.ts';

interface Running {
  readonly authority: ScriptedAuthority;
  readonly stream: ScriptedStream;
  readonly address: string;
  stop(): Promise<unknown>;
}

async function start(t: Test, name: string): Promise<Running> {
  const authority = await anAuthority(t);
  const file = inCheckout(`examples/${name}.mjs`);
  const env = { AUTHORITY: authority.address, AUDIENCE: audience, SERVICE_TOKEN: serviceToken, PORT: '0' };
  const example = startProcess(process.execPath, [file], { env });
  t.teardown(() => example.stop());
  const stream = await authority.stream(0);
  serve(stream, authority);
  const [, address = ''] = await example.waitForOutput(/(\S*127\.0\.0\.1:\d+)/);
  return {
    authority,
    stream,
    address,
    stop() {
      example.signal('SIGTERM');
      return example.exited;
    },
  };
}

async function logOut({ authority, stream }: Running): Promise<void> {
  const [, session] = parseJti(authority.forge.claims.jti)?.subjects ?? [];
  if (session === undefined) throw new Error('no session');
  authority.revoked.add(Buffer.from(session).toString('hex'));
  const entry = { subject: Buffer.from(session), expireTimeMs: Date.now() + 900_000 };
  stream.send({ revocations: { position: 11, entries: [entry] } });
  await stream.next('acknowledge');
}

for (const name of ['fastify', 'express']) {
  t.test(name, async (t) => {
    const running = await start(t, name);
    const call = createHttpClient(running.address);
    const { good, claims } = running.authority.forge;
    await eventually('it is ready', async () => (await call('GET', '/ready')).status === 200);
    const answers = [
      await call('GET', '/orders'),
      await call('GET', '/orders', { token: 'x' }),
      await call('GET', '/orders', { token: good }),
      await call('GET', '/reports', { token: good }),
    ];
    t.strictSame(
      answers.map((answer) => answer.status),
      [401, 401, 200, 403],
    );
    t.strictSame(answers[2]?.body, { caller: claims.sub });
    await logOut(running);
    t.equal(
      (await call('GET', '/orders', { token: good })).status,
      401,
      'the first request after its logout',
    );
    t.strictSame(await running.stop(), { code: 0, signal: null }, 'and it ends by itself when it is told to');
  });
}

t.test('grpc', async (t) => {
  const running = await start(t, 'grpc');
  const client = await createOrderServiceClient(running.address);
  t.teardown(() => client.close());
  const { call } = client;
  const { good, claims } = running.authority.forge;
  await eventually('it is ready', client.isReady);
  t.equal(await call('ListOrders'), 'UNAUTHENTICATED');
  t.equal(await call('ListOrders', 'x'), 'UNAUTHENTICATED');
  t.strictSame(await call('ListOrders', good), { caller: claims.sub });
  t.equal(await call('ListReports', good), 'PERMISSION_DENIED');
  await logOut(running);
  t.equal(await call('ListOrders', good), 'UNAUTHENTICATED', 'the first call after its logout');
  t.strictSame(await running.stop(), { code: 0, signal: null });
});
