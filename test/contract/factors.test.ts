/** Stores of second factors, over PGlite and over a PostgreSQL server. */
import { randomBytes } from 'node:crypto';
import type { FactorId, UserId } from '@countersign/verifier/ids';
import t, { type Test } from 'tap';
import { newId } from '../../src/platform/newId.ts';
import type { SteppedUp } from '../../src/sessions/store.ts';
import type { Storage } from '../../src/storage/postgres/storage.ts';
import { engines, openStorage } from '../support/engines.ts';
import { minute, newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);
    t.test('an app is enrolled and confirmed', (t) => enrolment(t, storage));
    t.test('a step is used once', (t) => steps(t, storage));
    t.test('whose it is', (t) => owners(t, storage));
    t.test('enrolments that nobody confirmed', (t) => pruning(t, storage));
    t.test('secrets that another key sealed', (t) => resealing(t, storage));
    t.test('recovery codes', (t) => codes(t, storage));
    t.test('a session is stepped up', (t) => stepUp(t, storage));
    t.test('the sessions of a factor', (t) => openedBy(t, storage));
  });
}

function app(userId: UserId, createdAt = now, header = 'old') {
  const sealedSecret = Buffer.concat([Buffer.from(header), randomBytes(20)]);
  return { id: newId<FactorId>(createdAt), userId, name: 'Phone', sealedSecret, createdAt };
}

/** A confirmed one. */
async function anApp({ database }: Storage, userId: UserId, step = 10) {
  const factor = app(userId);
  await database.totpFactors.enrol(factor);
  await database.totpFactors.confirm(factor.id, step, now);
  return factor.id;
}

async function enrolment(t: Test, storage: Storage): Promise<void> {
  const { totpFactors } = storage.database;
  const { id: userId } = await newUser(storage);
  const [first, second] = [app(userId), app(userId)];
  await totpFactors.enrol(first);
  await totpFactors.enrol(second);
  t.match(await totpFactors.findEnrolment(userId, now - 1), { id: second.id, lastStep: 0 });
  t.equal(await totpFactors.findEnrolment(userId, now), undefined, 'too old');
  t.strictSame(await totpFactors.list(userId), [], 'not before it is confirmed');
  t.equal(await totpFactors.use(second.id, 5, now), false);
  t.equal(await totpFactors.remove(userId, second.id), false);
  t.equal(await totpFactors.confirm(first.id, 10, now), false, 'replaced');
  const both = await Promise.all([1, 2].map(() => totpFactors.confirm(second.id, 10, now + 1)));
  t.strictSame(both.sort(), [false, true], 'once');
  t.equal(await totpFactors.findEnrolment(userId, 0), undefined);
  t.match(await totpFactors.list(userId), [
    {
      ...second,
      sealedSecret: new Uint8Array(second.sealedSecret),
      lastStep: 10,
      confirmedAt: now + 1,
      lastUsedAt: undefined,
    },
  ]);
  await totpFactors.enrol(app(userId));
  t.equal((await totpFactors.list(userId)).length, 1, 'a confirmed one is not replaced');
}

async function steps(t: Test, storage: Storage): Promise<void> {
  const { totpFactors } = storage.database;
  const { id: userId } = await newUser(storage);
  const id = await anApp(storage, userId, 10);
  t.equal(await totpFactors.use(id, 10, now), false, 'the step that confirmed it');
  const used = await Promise.all(Array.from({ length: 5 }, () => totpFactors.use(id, 11, now + minute)));
  t.strictSame(used.filter(Boolean), [true], 'five at once: one');
  t.equal(await totpFactors.use(id, 9, now), false, 'an earlier one');
  t.equal(await totpFactors.use(id, 12, now), true);
  t.match(await totpFactors.list(userId), [{ lastStep: 12, lastUsedAt: now }]);
  t.equal(await totpFactors.use(newId<FactorId>(now), 99, now), false, 'nobody’s');
}

async function owners(t: Test, storage: Storage): Promise<void> {
  const { totpFactors } = storage.database;
  const [alice, bob] = [await newUser(storage), await newUser(storage)];
  const [hers, his] = [await anApp(storage, alice.id), await anApp(storage, bob.id)];
  t.equal(await totpFactors.remove(alice.id, his), false);
  t.equal(await totpFactors.remove(bob.id, his), true);
  t.equal(await totpFactors.remove(bob.id, his), false);
  await totpFactors.enrol(app(alice.id));
  await totpFactors.forget(alice.id);
  t.strictSame(await totpFactors.list(alice.id), []);
  t.equal(await totpFactors.findEnrolment(alice.id, 0), undefined);
  t.equal(await totpFactors.use(hers, 99, now), false);
}

async function pruning(t: Test, storage: Storage): Promise<void> {
  const { totpFactors } = storage.database;
  const users = [await newUser(storage), await newUser(storage), await newUser(storage)];
  const [old, young, confirmed] = users.map(({ id }) => id);
  await totpFactors.enrol(app(old as UserId, now - 20 * minute));
  await totpFactors.enrol(app(young as UserId, now - 5 * minute));
  await anApp(storage, confirmed as UserId);
  await totpFactors.pruneEnrolments(10 * minute, now, 100);
  t.equal(await totpFactors.findEnrolment(old as UserId, 0), undefined);
  t.ok(await totpFactors.findEnrolment(young as UserId, 0));
  t.equal((await totpFactors.list(confirmed as UserId)).length, 1);
}

async function resealing(t: Test, storage: Storage): Promise<void> {
  const { totpFactors } = storage.database;
  const ids = [];
  for (let count = 0; count < 3; count += 1) {
    const factor = app((await newUser(storage)).id, now + count, 'own');
    await totpFactors.enrol(factor);
    ids.push(factor.id);
  }
  const header = Buffer.from('old');
  const others = async (after?: FactorId, limit = 100) =>
    (await totpFactors.listSealedOtherwise(header, after, limit)).map(({ id }) => id);
  t.strictSame(await others(), ids);
  t.strictSame(await others(ids[0], 1), [ids[1]]);
  for (const id of ids)
    await totpFactors.reseal({ id: id as FactorId, sealedSecret: Buffer.from('old and new') });
  t.strictSame(await others(), []);
  await totpFactors.reseal({ id: newId<FactorId>(now), sealedSecret: header });
}

async function codes(t: Test, storage: Storage): Promise<void> {
  const { recoveryCodes } = storage.database;
  const [alice, bob] = [(await newUser(storage)).id, (await newUser(storage)).id];
  const [one, two, three] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  t.equal(await recoveryCodes.left(alice), 0);
  await recoveryCodes.replace(alice, [one, two], now);
  t.strictSame([await recoveryCodes.left(alice), await recoveryCodes.left(bob)], [2, 0]);
  t.strictSame([await recoveryCodes.has(alice, one), await recoveryCodes.has(bob, one)], [true, false]);
  t.equal(await recoveryCodes.use(bob, one, now), false, 'of another user');
  const used = await Promise.all(Array.from({ length: 5 }, () => recoveryCodes.use(alice, one, now)));
  t.strictSame(used.filter(Boolean), [true], 'five at once: one');
  t.equal(await recoveryCodes.has(alice, one), false);
  t.equal(await recoveryCodes.left(alice), 1);
  await recoveryCodes.replace(alice, [three], now);
  t.equal(await recoveryCodes.use(alice, two, now), false, 'of the old set');
  t.equal(await recoveryCodes.left(alice), 1);
  await recoveryCodes.forget(alice);
  t.equal(await recoveryCodes.left(alice), 0);
}

async function stepUp(t: Test, storage: Storage): Promise<void> {
  const { sessions, users } = storage.database;
  const user = await newUser(storage);
  const id = await newSession(storage, user);
  const factor = newId<FactorId>(now);
  const proof: SteppedUp = {
    ...{ now: now + minute, authTime: now + minute, amr: ['pwd', 'otp', 'mfa'], openedBy: [factor] },
    ...{ acr: '2fa', accessExpiresAt: now + 16 * minute, signingKid: 'other' },
  };
  const before = await sessions.find(id);
  t.equal(await sessions.stepUp(id, proof), true);
  const { now: _, signingKid, ...written } = proof;
  t.strictSame(await sessions.find(id), { ...before, ...written }, 'and the refresh token stays');
  await sessions.stepUp(id, { ...proof, accessExpiresAt: now });
  t.equal((await sessions.find(id))?.accessExpiresAt, now + 16 * minute, 'never earlier');
  const signedWith = { signedWith: signingKid, range: { after: undefined, last: undefined } };
  t.equal(await sessions.count(signedWith, now), 1, 'the key is noted');

  await users.bumpTokenVersion(user.id);
  t.equal(await sessions.stepUp(id, proof), false, 'all sessions ended');
  await sessions.setTokenVersion(id, 1);
  await sessions.end({ sessionIds: [id] }, 'logout', now);
  t.equal(await sessions.stepUp(id, proof), false, 'ended');
}

async function openedBy(t: Test, storage: Storage): Promise<void> {
  const { sessions } = storage.database;
  const user = await newUser(storage);
  const [one, two, plain] = [
    await newSession(storage, user),
    await newSession(storage, user),
    await newSession(storage, user),
  ];
  const [app, other] = [newId<FactorId>(now), newId<FactorId>(now)];
  const use = { now, authTime: now, acr: '2fa', amr: [], accessExpiresAt: now, signingKid: 'kid' } as const;
  await sessions.stepUp(one, { ...use, openedBy: [app, other] });
  await sessions.stepUp(two, { ...use, openedBy: [other] });
  const ended = await sessions.end({ userId: user.id, openedBy: app }, 'factor_removed', now);
  t.strictSame(
    ended.map(({ id }) => id),
    [one],
  );
  t.equal((await sessions.find(two))?.endedAt, undefined);
  t.equal((await sessions.find(plain))?.endedAt, undefined);
  const stranger = (await newUser(storage)).id;
  t.strictSame(await sessions.end({ userId: stranger, openedBy: other }, 'factor_removed', now), []);
}
