/** Subscribers of one service that renew their leases and never acknowledge: they slow down one logout, and not the next ones. */

import { loadContract } from '@countersign/verifier/contract/contract';
import { credentials, Metadata } from '@grpc/grpc-js';
import t from 'tap';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import { startAuthority } from '../../support/authority.ts';
import { eventually } from '../../support/eventually.ts';

t.test('three that renew and never acknowledge', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register('alice@example.com');
  const { createService } = authority.authority.operations;
  const address = `127.0.0.1:${authority.grpcPort}`;

  /** Follows the protocol, but for what it is told to leave out. */
  const subscribe = async (token: string, acknowledges: boolean) => {
    const client = new (loadContract().v1.RevocationService)(address, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const stream = client.watchRevocations(metadata);
    const seen = { leaseMs: 0, leases: 0, position: 0 };
    stream.on('error', () => {});
    stream.on('data', ({ lease, revocations, snapshotEnd }) => {
      if (lease) {
        seen.leases += 1;
        seen.leaseMs = Number(lease.leaseMs);
      }
      const { position } = revocations ?? snapshotEnd ?? {};
      if (position !== undefined) {
        seen.position = Number(position);
        if (acknowledges || snapshotEnd) stream.write({ acknowledge: { position } });
      }
    });
    stream.write({ start: { edgeId: 'x' } });
    let number = 0;
    const renew = async () => {
      const before = seen.leases;
      number += 1;
      stream.write({ renew: { number } });
      await eventually('an answer to the renewal', () => seen.leases > before);
      return seen.leaseMs;
    };
    await renew();
    const close = () => {
      stream.cancel();
      client.close();
    };
    t.teardown(close);
    return { seen, renew, close };
  };
  const service = async (name: string) =>
    (await createService({ name, permissions: ['tokens.check'] }, { name: 'operator' })).token;
  const [hostile, good] = [await service('hostile'), await service('good')];
  const openHostile = () => Promise.all([1, 2, 3].map(() => subscribe(hostile, false)));

  const logout = async () => {
    const { access_token: token } = await authority.login('alice@example.com');
    const began = performance.now();
    t.equal((await authority.call('POST', '/auth/logout', { token })).status, 204);
    return performance.now() - began;
  };

  const follower = await subscribe(good, true);
  t.ok((await follower.renew()) > 0);
  t.ok((await logout()) < 1_000, 'beside one that acknowledges');

  const first = await openHostile();
  for (const { renew } of first) t.ok((await renew()) > 0, 'whoever comes gets a lease');
  const slow = await logout();
  t.ok(slow > 1_000, `one logout waits for the end of their leases: ${Math.round(slow)} ms`);

  for (let round = 0; round < 3; round += 1) {
    for (const { close } of first) close();
    const again = await openHostile();
    for (const { renew } of again) t.equal(await renew(), 0, 'a new stream of theirs gets none');
    const took = await logout();
    t.ok(took < 1_000, `the next logout waits for nobody: ${Math.round(took)} ms`);
    t.ok((await follower.renew()) > 0, 'another service keeps its lease');
    for (const { close } of again) close();
  }
  const metrics = (await authority.operations('GET', '/metrics')).body;
  t.match(metrics, /^countersign_edge_backoffs_total\{service="hostile"\} 1$/m);
  t.match(metrics, /effect_edges_total\{outcome="lease_expired",service="hostile"\} 3/);
  t.match(authority.log(), /"service":"hostile","milliseconds":10000/);
  t.equal(subscriberLimits.subscriberBackoffMilliseconds, 10_000);
});
