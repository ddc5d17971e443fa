/** The emergency: a key of any state is dead at once, then the sessions that it signed for; again is a success. */

import { type SessionId, uuidBytes } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import { wholeHour } from '@countersign/verifier/revocation/revocation';
import { keySubject } from '@countersign/verifier/tokens/publicKey';
import t from 'tap';
import { cacheMs } from '../../src/keys/keyPolicy.ts';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { aSession } from '../support/aSession.ts';
import { createKeyNodes, operator, quickPolicy as policy } from '../support/keyNode.ts';
import type { MemorySession } from '../support/memoryDatabase.ts';

const kept = cacheMs(policy) + policy.tokenLifetimeMs + verifierLimits.clockSkewSeconds * 1000;

/** Keys in every state, by the name of the state. */
async function everyState() {
  const nodes = createKeyNodes(1);
  const { clock, look, kidIn, nodes: all } = nodes;
  const node = all[0];
  await look();
  const retired = kidIn('active');
  await node.rotateKey(operator);
  await clock.advance(kept + policy.refreshMs);
  await look();
  const retiring = kidIn('active');
  await node.rotateKey(operator);
  const revoked = kidIn('next');
  await node.revokeKey(revoked, operator);
  await clock.advance(1_000);
  return {
    ...nodes,
    node,
    kids: { retired, retiring, revoked, active: kidIn('active'), next: kidIn('next') },
  };
}

function sessionSignedWith(
  now: number,
  signingKids: readonly string[],
  more: Partial<MemorySession> = {},
): MemorySession {
  return { ...aSession(now), accessExpiresAt: now + policy.tokenLifetimeMs, signingKids, ...more };
}

const table = [
  {
    state: 'active',
    signs: 'next',
    made: 1,
    events: ['signing_key_revoked', 'signing_key_activated', 'signing_key_created'],
  },
  { state: 'next', signs: 'active', made: 1, events: ['signing_key_revoked', 'signing_key_created'] },
  { state: 'retiring', signs: 'active', made: 0, events: ['signing_key_revoked'] },
  { state: 'retired', signs: 'active', made: 0, events: ['signing_key_revoked'] },
  { state: 'revoked', signs: 'active', made: 0, events: [] },
] as const;

for (const { state, signs, made, events } of table) {
  t.test(`a key that is ${state}`, async (t) => {
    const { node, kids, database, told, clock, row, kidIn } = await everyState();
    const kid = kids[state];
    t.equal(row(kid)?.state, state);
    const before = database.contents();
    told.length = 0;
    t.match(await node.revokeKey(kid, operator), { endedSessions: 0, effectAt: clock.now() });

    t.match(row(kid), { state: 'revoked', sealedPrivateKey: new Uint8Array() }, 'no private half is left');
    if (state === 'revoked') t.equal(row(kid)?.revokedAt, clock.now() - 1_000, 'since the first time');
    t.equal(node.keyRing.verifier(kid), undefined, 'this node accepts none of its tokens');
    t.notOk(node.keyRing.jwks().body.includes(kid), 'nor is it published');
    t.equal(kidIn('active'), kids[signs], `the one that was ${signs} signs`);
    t.equal(node.keyRing.signer().kid, kids[signs], 'here too');
    t.equal(database.contents().keys.length - before.keys.length, made, 'keys that were made');
    t.ok(kidIn('next'), 'there is a next one');
    const caused = database.contents().events.slice(before.events.length);
    t.strictSame(
      caused.map(({ type }) => type),
      events,
    );
    t.ok(caused.every(({ actor }) => actor === operator));
    const day = (verifierLimits.accessTokenMaximumSeconds + verifierLimits.revocationMarginSeconds) * 1000;
    const expiresAt = wholeHour((row(kid)?.revokedAt ?? 0) + day);
    t.strictSame(told, [[{ subject: keySubject(kid), reason: 'key_revoked', expiresAt }]]);
    t.strictSame(
      database.contents().revocations.slice(before.revocations.length),
      told[0],
      'and it is stored',
    );
    await node.ringKeeper.stop();
  });
}

t.test('a key that nobody knows', async (t) => {
  const { node, database, told } = await everyState();
  const [before, toldBefore] = [database.contents(), told.length];
  await t.rejects(node.revokeKey('A'.repeat(43), operator), { code: 'not_found' });
  for (const text of ['', 'A'.repeat(42), `${'A'.repeat(42)}=`, 'A'.repeat(44)]) {
    await t.rejects(node.revokeKey(text, operator), { code: 'invalid_request' }, `no kid: "${text}"`);
  }
  t.strictSame(database.contents(), before, 'nothing has changed');
  t.equal(told.length, toldBefore, 'and nobody was told');
  await node.ringKeeper.stop();
});

t.test('every key, one after the other: there is always one that signs', async (t) => {
  const { nodes, look, kidIn, database } = createKeyNodes(1);
  const [node] = nodes;
  await look();
  for (let revoked = 0; revoked < 5; revoked += 1) {
    const kid = kidIn('active');
    await node.revokeKey(kid, operator);
    t.not(kidIn('active'), kid);
    t.equal(node.keyRing.signer().kid, kidIn('active'));
  }
  await Promise.all([node.revokeKey(kidIn('active'), operator), node.revokeKey(kidIn('next'), operator)]);
  t.equal(node.keyRing.signer().kid, kidIn('active'), 'both at the same time');
  t.equal(database.contents().keys.filter(({ state }) => state !== 'revoked').length, 2);
  await node.ringKeeper.stop();
});

t.test('the sessions that it signed for end, page by page, after it is dead everywhere', async (t) => {
  const { node, kids, database, told, clock } = await everyState();
  const now = clock.now();
  const rows = Array.from({ length: 2 * sessionLimits.sessionsPageRows + 1 }, () =>
    sessionSignedWith(now, [kids.active]),
  );
  const alsoSigned = sessionSignedWith(now, [kids.retiring, kids.active]);
  const unknown = sessionSignedWith(now, []);
  const endedBefore = sessionSignedWith(now, [kids.active], { endedAt: now - 1 });
  const others = sessionSignedWith(now, [kids.retiring]);
  const expired = sessionSignedWith(now, [kids.active], {
    accessExpiresAt: now - verifierLimits.clockSkewSeconds * 1000,
  });
  const ending = [...rows, alsoSigned, unknown, endedBefore];
  database.put([...ending, others, expired]);
  told.length = 0;

  const { endedSessions } = await node.revokeKey(kids.active, operator);
  t.equal(endedSessions, ending.length - 1, 'without the one that had ended before');
  const [key, ...pages] = told.map(({ length }) => length);
  t.equal(key, 1, 'first the key');
  t.equal(pages.length, 3, 'then its sessions');
  t.ok(Math.max(...pages) <= sessionLimits.sessionsPageRows);
  const subjects = (ids: readonly { id: SessionId }[]) =>
    ids.map(({ id }) => uuidBytes(id).toString('hex')).sort();
  t.strictSame(
    told
      .slice(1)
      .flat()
      .map(({ subject }) => Buffer.from(subject).toString('hex'))
      .sort(),
    subjects(ending),
  );
  t.match(told[1]?.[0], {
    reason: 'key_revoked',
    expiresAt: now + policy.tokenLifetimeMs + verifierLimits.revocationMarginSeconds * 1000,
  });
  t.equal(database.contents().sessions.get(others.id)?.endedAt, undefined);
  t.equal(database.contents().sessions.get(expired.id)?.endedAt, undefined);

  const said = database.contents().events.filter(({ type }) => type === 'session_ended');
  t.equal(said.length, endedSessions, 'each of them is in the audit trail');
  t.match(said[0], { actor: operator, reason: 'key_revoked', sessionId: /-/, userId: /-/ });

  told.length = 0;
  t.match(await node.revokeKey(kids.active, operator), { endedSessions: 0 }, 'again: none is left');
  t.equal(told.flat().length, ending.length + 1, 'yet all is brought into effect again');
  await node.ringKeeper.stop();
});

t.test('a key that never signed ends no session, known or not', async (t) => {
  const { node, kids, database, clock } = await everyState();
  const unknown = sessionSignedWith(clock.now(), []);
  database.put([unknown]);
  t.match(await node.revokeKey(kids.next, operator), { endedSessions: 0 });
  t.equal(database.contents().sessions.get(unknown.id)?.endedAt, undefined);
  await node.ringKeeper.stop();
});

t.test(
  'doing it again does not keep it on the deny-list for longer, and after a day not at all',
  async (t) => {
    const { node, kids, told, clock } = await everyState();
    told.length = 0;
    await node.revokeKey(kids.active, operator);
    await clock.advance(2 * 3_600_000);
    await node.revokeKey(kids.active, operator);
    t.strictSame(told[1], told[0]);
    await clock.advance(25 * 3_600_000);
    await node.revokeKey(kids.active, operator);
    t.equal(told.length, 2);
    await node.ringKeeper.stop();
  },
);

t.test('what was cut short is finished by doing it again', async (t) => {
  const { node, kids, database, effect, clock, row } = await everyState();
  const session = sessionSignedWith(clock.now(), [kids.active]);
  database.put([session]);
  effect.fault = new Error('on purpose');
  await t.rejects(node.revokeKey(kids.active, operator), effect.fault);
  t.equal(row(kids.active)?.state, 'revoked', 'it is dead all the same');
  t.equal(database.contents().sessions.get(session.id)?.endedAt, undefined);
  effect.fault = undefined;
  t.match(await node.revokeKey(kids.active, operator), { endedSessions: 1 });
  t.equal(database.contents().sessions.get(session.id)?.endedAt, clock.now());
  await node.ringKeeper.stop();
});
