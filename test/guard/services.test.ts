/** The packed guard in whole services: those of examples/, as somebody would start them who has installed what they need. */
import { cpSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { parseJti } from '@countersign/verifier/tokens/jti';
import t, { type Test } from 'tap';
import { createHttpClient } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { anAuthority, serviceToken } from '../support/guards.ts';
import { createOrderServiceClient } from '../support/orderService.ts';
import { guard, install, pack, root, temporaryFolder, verifier } from '../support/packed.ts';
import { startProcess } from '../support/process.ts';
import { type ScriptedAuthority, type ScriptedStream, serve } from '../support/scriptedAuthority.ts';
import { audience } from '../support/tokenForge.ts';

const home = temporaryFolder(t, 'services');
const examples = join(root, 'examples');
const packed = await pack(t, [verifier, guard]);
await install(home, packed.values(), { '@grpc/grpc-js': '@grpc/grpc-js' });

/** Service → its file in examples/, the package that it is written with, and where our node_modules have that. */
const services: Readonly<Record<string, readonly [example: string, library: string, here: string]>> = {
  'Fastify 5': ['fastify', 'fastify', 'fastify'],
  'Express 4': ['express', 'express', 'express4'],
  'Express 5': ['express', 'express', 'express'],
  'gRPC 1': ['grpc', '@grpc/grpc-js', '@grpc/grpc-js'],
};

interface Running {
  readonly authority: ScriptedAuthority;
  readonly stream: ScriptedStream;
  readonly address: string;
  stop(): Promise<unknown>;
}

async function start(t: Test, name: string): Promise<Running> {
  const [example, library, here] = services[name] ?? ['', '', ''];
  const folder = join(home, name.replace(' ', ''));
  if (library !== '@grpc/grpc-js') await install(folder, [], { [library]: here });
  cpSync(examples, folder, { recursive: true });
  const manifest = createRequire(join(folder, 'x.js')).resolve(`${library}/package.json`);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  t.equal(version.split('.')[0], name.split(' ')[1], 'this version');
  const authority = await anAuthority(t);
  const env = { AUTHORITY: authority.address, AUDIENCE: audience, SERVICE_TOKEN: serviceToken, PORT: '0' };
  const service = startProcess(process.execPath, [join(folder, `${example}.mjs`)], { env, cwd: folder });
  t.teardown(() => service.stop());
  const stream = await authority.stream(0);
  serve(stream, authority);
  const [, address = ''] = await service.waitForOutput(/(\S*127\.0\.0\.1:\d+)/);
  return {
    authority,
    stream,
    address,
    stop() {
      service.signal('SIGTERM');
      return service.exited;
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

for (const name of ['Fastify 5', 'Express 4', 'Express 5']) {
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

t.test('gRPC 1', async (t) => {
  const running = await start(t, 'gRPC 1');
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
