/** What is watched over HTTP: lines of JSON, for as long as the caller may see them. */

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { loadContract } from '@countersign/verifier/contract/contract';
import { credentials, Metadata } from '@grpc/grpc-js';
import t from 'tap';
import { apiLimits } from '../../../src/transport/api/limits.ts';
import { type Administrator, newAdministrator } from '../../support/administrator.ts';
import { startAuthority, type TestAuthority } from '../../support/authority.ts';
import { eventually } from '../../support/eventually.ts';

const operator = { name: 'operator' };

interface Line {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly result?: any;
  readonly error?: { readonly code: string };
}

/** Reads the lines of a stream as they come, on a connection of its own. */
async function watch({ httpPort }: TestAuthority, token: string, path = 'StatusService/WatchStatus') {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const asked = request({
    ...{ host: '127.0.0.1', port: httpPort, path: `/api/${path}`, method: 'POST', headers, agent: false },
  });
  asked.end('{}');
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const lines: Line[] = [];
  let isOver = false;
  const reading = (async () => {
    for await (const line of createInterface({ input: response }))
      if (line !== '') lines.push(JSON.parse(line) as Line);
  })()
    .catch(() => {})
    .finally(() => {
      isOver = true;
    });
  return { response, lines, isOver: () => isOver, leave: () => void asked.destroy(), reading };
}

t.test('the status, again and again', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  const { operations } = authority.authority;

  await t.test('it says what is', async (t) => {
    const admin = await newAdministrator(authority, 'admin@example.com');
    const { response, lines, leave } = await watch(authority, admin.token);
    t.teardown(leave);
    t.match(response.headers['content-type'], /^application\/x-ndjson/);
    await eventually('two messages', async () => lines.length >= 2);
    const { status } = lines[0]?.result ?? {};
    t.match(status, {
      node_id: /^[\w-]{36}$/,
      time_ms: /^\d{13}$/,
      subscriber_count: 0,
      effect: { per_second: Array },
    });
    t.match(status.parts, [
      { name: 'process', state: 'ready' },
      { name: 'database', state: 'ready' },
    ]);
    const { body } = await call('POST', '/api/StatusService/GetStatus', { token: admin.token });
    t.equal(body.status.node_id, status.node_id);
    t.match(status.nodes, [{ node_id: status.node_id, late_since_ms: '0' }]);

    await authority.register('alice@example.com');
    const { refresh_token } = await authority.login('alice@example.com');
    await call('POST', '/auth/logout', { body: { refresh_token } });
    await eventually(
      'the revocation is counted',
      async () => Number(lines.at(-1)?.result?.status.effect.revocations) >= 1,
    );
    const { effect } = lines.at(-1)?.result.status ?? {};
    t.ok(Number(effect.p50_us) > 0 && Number(effect.p99_us) >= Number(effect.p50_us));
  });

  const endings: readonly (readonly [
    name: string,
    end: (admin: Administrator, email: string) => Promise<unknown>,
  ])[] = [
    [
      'its session ends',
      ({ refreshToken }) => call('POST', '/auth/logout', { body: { refresh_token: refreshToken } }),
    ],
    ['its user is disabled', (_, email) => operations.disableUser({ email }, operator)],
    [
      'its right is taken away',
      (_, email) => operations.takeRole({ role: 'admin', user: { email } }, operator),
    ],
    [
      'its key is revoked',
      async () => {
        const keys = await operations.listKeys();
        const active = keys.find(({ state }) => state === 'active');
        await operations.revokeKey(active?.kid ?? '', operator);
      },
    ],
  ];
  for (const [index, [name, end]] of endings.entries()) {
    await t.test(`ends within a second after ${name}`, async (t) => {
      const email = `admin${index}@example.com`;
      const admin = await newAdministrator(authority, email);
      const { lines, isOver, leave } = await watch(authority, admin.token);
      t.teardown(leave);
      await eventually('the first message', async () => lines.length >= 1);
      await end(admin, email);
      const endedAt = performance.now();
      await eventually('the end of the stream', async () => isOver());
      const took = performance.now() - endedAt;
      t.match(lines.at(-1), { error: { code: 'invalid_token', status: 401 } });
      t.ok(took < 1_000, `${Math.round(took)} ms`);
    });
  }

  await t.test('a service that is revoked', async (t) => {
    const { token } = await operations.createService(
      { name: 'console', permissions: ['status.read'] },
      operator,
    );
    const { lines, isOver, leave } = await watch(authority, token);
    t.teardown(leave);
    await eventually('the first message', async () => lines.length >= 1);
    await operations.revokeService('console', operator);
    await eventually('the end of the stream', async () => isOver());
    t.match(lines.at(-1), { error: { code: 'invalid_token' } });
  });

  await t.test('of one caller there are few, and each gives its place back', async (t) => {
    const admin = await newAdministrator(authority, 'many@example.com');
    const all = await Promise.all(
      Array.from({ length: apiLimits.apiStreamsOfCaller }, () => watch(authority, admin.token)),
    );
    await eventually('a first message on each', async () => all.every(({ lines }) => lines.length > 0));
    const [first] = all;
    const next = await watch(authority, admin.token);
    await next.reading;
    t.match(next.lines, [{ error: { code: 'overloaded', status: 503 } }]);
    first?.leave();
    await eventually('a place is free', async () => {
      const again = await watch(authority, admin.token);
      t.teardown(again.leave);
      await eventually('a first message', async () => again.lines.length > 0);
      return again.lines[0]?.error === undefined;
    });
    for (const { leave } of all) leave();
  });

  await t.test('over gRPC', async (t) => {
    const { v1 } = loadContract();
    const client = new v1.StatusService(`127.0.0.1:${authority.grpcPort}`, credentials.createInsecure());
    t.teardown(() => client.close());
    const { token } = await operations.createService(
      { name: 'grpc', permissions: ['status.read'] },
      operator,
    );
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const stream = client.watchStatus({}, metadata);
    const seen: unknown[] = [];
    const ended = new Promise<{ code?: number }>((resolve) => {
      stream.on('data', (message) => seen.push(message));
      stream.on('error', (error) => resolve(error as { code?: number }));
      stream.on('end', () => resolve({}));
    });
    await eventually('two messages', async () => seen.length >= 2);
    t.match(seen[0], { status: { nodes: [{}] } });
    await operations.revokeService('grpc', operator);
    t.match(await ended, { code: 16 }, 'UNAUTHENTICATED');
  });
});

t.test('a stop of the authority ends what is watched', async (t) => {
  const authority = await startAuthority();
  const admin = await newAdministrator(authority, 'admin@example.com');
  const { lines, isOver } = await watch(authority, admin.token);
  await eventually('the first message', async () => lines.length >= 1);
  await authority.stop();
  await eventually('the end of the stream', async () => isOver());
  t.match(lines.at(-1)?.error, { code: 'unavailable' });
});
