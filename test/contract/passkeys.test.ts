/** Passkeys as they are stored, over PGlite and over a PostgreSQL server: the statement agrees with the rule. */
import { randomBytes } from 'node:crypto';
import type { FactorId } from '@countersign/verifier/ids';
import { asyncProperty, assert as check, constantFrom } from 'fast-check';
import t, { type Test } from 'tap';
import type { User } from '../../src/accounts/user.ts';
import { counterAdvances, type Passkey, type PasskeyStore } from '../../src/login/passkeys/passkey.ts';
import { newId } from '../../src/platform/newId.ts';
import { engines, openStorage } from '../support/engines.ts';
import { newUser, rowsMadeAt as now } from '../support/rows.ts';

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);
    const { passkeys } = storage.database;
    const [user, other] = [await newUser(storage), await newUser(storage)];
    t.test('what is stored is read', (t) => stored(t, passkeys, user, other));
    t.test('a use agrees with the rule', (t) => used(t, passkeys, user));
    t.test('many uses at once', (t) => atOnce(t, passkeys, user));
    t.test('rename and remove', (t) => changed(t, passkeys, user, other));
  });
}

let made = 0;

async function newPasskey(
  passkeys: PasskeyStore,
  user: User,
  given: Partial<Passkey> = {},
): Promise<Passkey> {
  made += 1;
  const passkey: Passkey = {
    id: newId<FactorId>(now + made),
    userId: user.id,
    name: 'Blue key',
    rpId: 'auth.example.com',
    credentialId: randomBytes(32),
    publicKey: randomBytes(77),
    counter: 0,
    transports: ['usb', 'nfc'],
    aaguid: '00000000-0000-0000-0000-000000000000',
    deviceType: 'singleDevice',
    backedUp: false,
    createdAt: now + made,
    lastUsedAt: undefined,
    ...given,
  };
  if ((await passkeys.create(passkey)) === 'taken') throw new Error('taken');
  return passkey;
}

async function stored(t: Test, passkeys: PasskeyStore, user: User, other: User): Promise<void> {
  const first = await newPasskey(passkeys, user);
  const second = await newPasskey(passkeys, user, { counter: 2 ** 32 - 1, transports: [] });
  const foreign = await newPasskey(passkeys, other);
  t.strictSame((await passkeys.list(user.id)).map(plain), [first, second].map(plain), 'oldest first');
  const found = await passkeys.findByCredential(foreign.credentialId);
  t.strictSame(found && plain(found), plain(foreign));
  t.equal(await passkeys.findByCredential(randomBytes(32)), undefined, 'an unknown one');
  const again = { ...first, id: newId<FactorId>(now), userId: other.id };
  t.equal(await passkeys.create(again), 'taken', 'a credential is registered once, for one user');
  t.strictSame((await passkeys.list(other.id)).map(plain), [plain(foreign)]);
  await passkeys.forget(user.id);
  t.strictSame(await passkeys.list(user.id), []);
  t.strictSame((await passkeys.list(other.id)).map(plain), [plain(foreign)], 'only those of the user');
}

/** Engines return bytes of different classes. */
function plain({ credentialId, publicKey, ...passkey }: Passkey) {
  return { ...passkey, credentialId: hex(credentialId), publicKey: hex(publicKey) };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

async function used(t: Test, passkeys: PasskeyStore, user: User): Promise<void> {
  const counters = constantFrom(0, 1, 2, 3, 2 ** 31, 2 ** 32 - 1);
  const run = async (before: number, counter: number) => {
    const { id, credentialId } = await newPasskey(passkeys, user, { counter: before });
    const outcome = await passkeys.use(id, { counter, backedUp: true }, now + 1);
    const after = await passkeys.findByCredential(credentialId);
    const allowed = counterAdvances(before, counter);
    const expected = allowed
      ? { outcome: 'used', counter, backedUp: true, lastUsedAt: now + 1 }
      : { outcome: 'stepped_back', counter: before, backedUp: false, lastUsedAt: undefined };
    const { backedUp, lastUsedAt } = after ?? {};
    const found = { outcome, counter: after?.counter, backedUp, lastUsedAt };
    if (JSON.stringify(found) !== JSON.stringify(expected))
      throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  };
  await check(asyncProperty(counters, counters, run), { numRuns: 60 });
  t.equal(await passkeys.use(newId<FactorId>(now), { counter: 1, backedUp: false }, now), 'gone');
}

async function atOnce(t: Test, passkeys: PasskeyStore, user: User): Promise<void> {
  const counted = await newPasskey(passkeys, user, { counter: 5 });
  const use = (id: FactorId, counter: number) => passkeys.use(id, { counter, backedUp: false }, now);
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => use(counted.id, 6)));
  t.strictSame(outcomes.filter((outcome) => outcome === 'used').length, 1, 'one counter, one use');
  const uncounted = await newPasskey(passkeys, user);
  const all = await Promise.all(Array.from({ length: 8 }, () => use(uncounted.id, 0)));
  t.strictSame(
    all.filter((outcome) => outcome === 'used').length,
    8,
    'an authenticator that does not count says nothing',
  );
}

async function changed(t: Test, passkeys: PasskeyStore, user: User, other: User): Promise<void> {
  const { id, credentialId } = await newPasskey(passkeys, user);
  t.equal(await passkeys.rename(other.id, id, 'Mine'), false, 'of another user');
  t.equal(await passkeys.rename(user.id, id, 'Red key'), true);
  t.equal((await passkeys.findByCredential(credentialId))?.name, 'Red key');
  t.equal(await passkeys.remove(other.id, id), false, 'of another user');
  t.equal(await passkeys.remove(user.id, id), true);
  t.equal(await passkeys.remove(user.id, id), false, 'gone');
  t.equal(await passkeys.use(id, { counter: 1, backedUp: false }, now), 'gone');
}
