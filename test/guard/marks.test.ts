/** A guard and tokens that are refused for the time at which they were issued. */

import { markAt, markSubject } from '@countersign/verifier/revocation/issuedBefore';
import { parseJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { eventually } from '../support/eventually.ts';
import { aGuard, aLeasedGuard, anAuthority, said } from '../support/guards.ts';
import { serve } from '../support/scriptedAuthority.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const issuedAt = ({ forge }: { forge: { claims: { jti: string } } }) =>
  parseJti(forge.claims.jti)?.issuedAt ?? Number.NaN;

/** As the authority sends it. */
function marked(position: number, moment: number, unconfirmed = false) {
  const { subject, expiresAt } = markAt(moment);
  const entry = {
    subject: Buffer.from(subject),
    expireTimeMs: expiresAt,
    reason: 'REASON_RESTORED' as const,
  };
  return { revocations: { position, entries: [{ ...entry, unconfirmed }] } };
}

t.test('a mark refuses what was accepted a moment ago', async (t) => {
  const { authority, guard, stream } = await aLeasedGuard(t);
  const { good } = authority.forge;
  t.equal(await said(guard, good), 'accepted');
  stream.send(marked(11, issuedAt(authority) - 1));
  t.equal((await stream.next('acknowledge')).position, 11);
  t.equal(await said(guard, good), 'accepted', 'it was issued later');
  stream.send(marked(12, issuedAt(authority)));
  t.equal((await stream.next('acknowledge')).position, 12);
  for (let time = 0; time < 2; time += 1) t.equal(await said(guard, good), '401 invalid_token revoked');
  t.equal(authority.asked.batch, 0, 'and nobody is asked');
});

t.test('one that may have come to nothing is asked about, until it is known', async (t) => {
  const { authority, guard, stream } = await aLeasedGuard(t);
  const { good } = authority.forge;
  const moment = issuedAt(authority) + 1_000;
  stream.send(marked(11, moment, true));
  await stream.next('acknowledge');
  t.equal(await said(guard, good), 'accepted', 'so says the authority');
  t.equal(authority.asked.batch, 1);
  authority.revoked.add(hex(markSubject(moment)));
  stream.send(marked(12, moment, true));
  await stream.next('acknowledge');
  for (let time = 0; time < 3; time += 1) t.equal(await said(guard, good), '401 invalid_token revoked');
  t.equal(authority.asked.batch, 2);
});

t.test('one that is behind the snapshot is there with the first lease', async (t) => {
  const authority = await anAuthority(t);
  const guard = aGuard(t, [authority]);
  const stream = await authority.stream(0);
  serve(stream, authority, { leaseMs: 0 });
  stream.send(marked(11, issuedAt(authority)));
  stream.grant(5_000);
  await guard.ready();
  t.equal(await said(guard, authority.forge.good), '401 invalid_token revoked');
});

t.test('without a lease the authority is asked about the time, too', async (t) => {
  const { authority, guard, stream } = await aLeasedGuard(t, { serving: { leaseMs: 300 } });
  stream.grant(0);
  await eventually('no lease', () => guard.state().status === 'no_lease');
  t.equal(await said(guard, authority.forge.good), 'accepted');
  authority.revoked.add(hex(markSubject(issuedAt(authority))));
  t.equal(await said(guard, authority.forge.good), '401 invalid_token revoked');
});
