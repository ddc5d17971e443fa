/** The stream of a subscriber on the wire, with a client in another language that was written from the contract alone. */

import { loadContract } from '@countersign/verifier/contract/contract';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import t from 'tap';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import { startAuthority } from '../../support/authority.ts';
import { claimsOf, kidOf } from '../../support/clients.ts';
import { eventually } from '../../support/eventually.ts';
import { startPythonSubscriber } from '../../support/pythonSubscriber.ts';

t.test('a subscriber in Python', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register('alice@example.com');
  const login = async () => {
    const { access_token } = await authority.login('alice@example.com');
    const token = { jti: claimsOf(access_token).jti, kid: kidOf(access_token) };
    const logout = () => authority.call('POST', '/auth/logout', { token: access_token });
    return { ...token, access_token, logout };
  };
  const before = await login();
  t.equal((await before.logout()).status, 204);
  const live = await login();
  const subscriber = await startPythonSubscriber(`127.0.0.1:${authority.grpcPort}`, authority.serviceToken);
  t.teardown(() => subscriber.stop());
  const check = ({ jti, kid }: { jti: string; kid: string }) => subscriber.ask({ check: jti, kid });

  t.strictSame(await check(live), { revoked: false, by: 'node' }, 'without a lease, the node is asked');
  t.strictSame(await subscriber.ask({ watch: true }), { lease: true });
  const state = await subscriber.ask({ state: true });
  t.equal(state.entries, 1, 'the snapshot holds what was revoked before');
  t.ok(state.kids.includes(live.kid), 'keys come on the stream');

  t.strictSame(await check(live), { revoked: false, by: 'memory' });
  t.strictSame(await check(before), { revoked: true, by: 'node' }, 'a hit of a filter is confirmed');
  for (let round = 0; round < 20; round += 1) {
    const session = round === 0 ? live : await login();
    t.strictSame(await check(session), { revoked: false, by: 'memory' });
    t.equal((await session.logout()).status, 204);
    t.strictSame(await check(session), { revoked: true, by: 'memory' }, 'from the answer to the logout on');
  }

  const marked = await login();
  const { restored } = authority.authority.operations;
  await restored({ keepSessions: true }, { name: 'operator' });
  t.strictSame(await check(marked), { revoked: true, by: 'memory' }, 'by the time at which it was issued');
  t.strictSame(await check(await login()), { revoked: false, by: 'memory' });
  const newcomer = await startPythonSubscriber(`127.0.0.1:${authority.grpcPort}`, authority.serviceToken);
  t.teardown(() => newcomer.stop());
  const { jti, kid } = marked;
  t.strictSame(await newcomer.ask({ check: jti, kid }), { revoked: true, by: 'node' });
  t.strictSame(await newcomer.ask({ watch: true }), { lease: true });
  t.strictSame(
    await newcomer.ask({ check: jti, kid }),
    { revoked: true, by: 'memory' },
    'behind its snapshot',
  );
  t.strictSame(await newcomer.ask({ leave: true }), { status: 'OK' });

  const last = await login();
  t.strictSame(await subscriber.ask({ leave: true }), { status: 'OK' });
  t.strictSame(await check(last), { revoked: false, by: 'node' }, 'a subscriber that left has no lease');
  t.equal((await last.logout()).status, 204, 'and nobody waits for it');
  await eventually('its stream has ended, and its lease', async () => {
    const metrics = (await authority.operations('GET', '/metrics')).body;
    return /^countersign_edges_connected 0$/m.test(metrics) && /^countersign_edge_leases 0$/m.test(metrics);
  });
});

t.test('a node has room for so many streams, and for others when they have ended', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const room = subscriberLimits as { subscribersPerNode: number };
  const before = room.subscribersPerNode;
  t.teardown(() => {
    room.subscribersPerNode = before;
  });
  // Half of them are for one service.
  room.subscribersPerNode = 4;
  const { v1 } = loadContract();
  const client = new v1.RevocationService(`127.0.0.1:${authority.grpcPort}`, credentials.createInsecure());
  t.teardown(() => client.close());
  /** Resolves with its first message, or the status that it was refused with. */
  const open = (token = authority.serviceToken) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const stream = client.watchRevocations(metadata);
    const first = new Promise<string>((resolve) => {
      stream
        .once('data', () => resolve('started'))
        .on('error', (error) => resolve(status[(error as ServiceError).code] ?? ''));
    });
    stream.write({ start: { edgeId: 'x' } });
    return { stream, first };
  };
  for (const [how, end] of [
    ['it left', ({ stream }: ReturnType<typeof open>) => stream.write({ leave: {} })],
    ['it said no more', ({ stream }: ReturnType<typeof open>) => stream.end()],
    ['it was cut', ({ stream }: ReturnType<typeof open>) => stream.cancel()],
    ['it broke the rules', ({ stream }: ReturnType<typeof open>) => stream.write({ renew: { number: 0 } })],
  ] as const) {
    const [one, other] = [open(), open()];
    t.strictSame([await one.first, await other.first], ['started', 'started'], how);
    t.equal(await open().first, 'UNAVAILABLE', 'one more is too many');
    end(one);
    const third = await eventually('there is room again', async () => {
      const opened = open();
      return (await opened.first) === 'started' && opened;
    });
    for (const { stream } of [other, third]) stream.cancel();
    await eventually('all are gone', async () => {
      const opened = [open(), open()];
      const answers = await Promise.all(opened.map(({ first }) => first));
      for (const { stream } of opened) stream.cancel();
      return answers.every((answer) => answer === 'started');
    });
  }
  const { createService } = authority.authority.operations;
  const another = async (name: string) =>
    (await createService({ name, permissions: ['tokens.check'] }, { name: 'operator' })).token;
  const tokens = [authority.serviceToken, await another('b'), await another('c')];
  await eventually('all of the last round are gone', async () =>
    /^countersign_edges_connected 0$/m.test((await authority.operations('GET', '/metrics')).body),
  );
  const answers: string[] = [];
  for (const token of [...tokens.slice(0, 1), ...tokens.flatMap((each) => [each, each])]) {
    const { first, stream } = open(token);
    t.teardown(() => stream.cancel());
    answers.push(await first);
  }
  const [yes, no] = ['started', 'UNAVAILABLE'];
  t.strictSame(
    answers,
    [yes, yes, no, yes, no, yes, no],
    'others find places beside one that takes all it gets',
  );
  const metrics = (await authority.operations('GET', '/metrics')).body;
  t.match(metrics, /^countersign_edges_refused_total\{service="b"\} 1$/m);
});
