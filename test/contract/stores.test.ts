/** What every store promises, over PGlite and over a PostgreSQL server. */
import { randomBytes } from 'node:crypto';
import {
  type FactorId,
  type ServiceId,
  type SessionId,
  type UserId,
  uuidBytes,
} from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import t, { type Test } from 'tap';
import type { Email } from '../../src/accounts/email.ts';
import type { Phone } from '../../src/accounts/phone/phoneNumber.ts';
import type { UserPhone } from '../../src/accounts/user.ts';
import { createDeleteOldEvents } from '../../src/audit/deleteOldEvents.ts';
import { createSealAudit } from '../../src/audit/sealAudit.ts';
import type { Stores } from '../../src/database.ts';
import type { StoredSigningKey } from '../../src/keys/store.ts';
import { newId } from '../../src/platform/newId.ts';
import type { Service, ServiceSettings } from '../../src/services/service.ts';
import { createDeleteOldSessions } from '../../src/sessions/deleteOldSessions.ts';
import type { SessionUse } from '../../src/sessions/refreshStore.ts';
import { postgresLimits } from '../../src/storage/postgres/limits.ts';
import type { Storage } from '../../src/storage/postgres/storage.ts';
import { aSession, noContext } from '../support/aSession.ts';
import { engines, openStorage } from '../support/engines.ts';
import { minute, newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';
import { aSigningKey } from '../support/signingKeys.ts';

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);

    t.test('users', (t) => users(t, storage));
    t.test('imported users', (t) => imports(t, storage));
    t.test('phones', (t) => phones(t, storage));
    t.test('one address for many users', (t) => oneAddress(t, storage));
    t.test('sessions', (t) => sessions(t, storage));
    t.test('ending sessions', (t) => ending(t, storage));
    t.test('all but the newest', (t) => allButNewest(t, storage));
    t.test('the context of a session', (t) => context(t, storage));
    t.test('the key of a session', (t) => boundKey(t, storage));
    t.test('deleting a user', (t) => deleting(t, storage));
    t.test('revocations', (t) => revocations(t, storage));
    t.test('services', (t) => services(t, storage));
    t.test('signing keys', (t) => signingKeys(t, storage));
    t.test('transactions', (t) => transactions(t, storage));
  });
}

async function users(t: Test, storage: Storage): Promise<void> {
  const { users } = storage.database;
  const user = await newUser(storage);
  t.match(user, { tokenVersion: 0, disabledAt: undefined });
  t.strictSame(await users.findByEmail(user.email), user);
  const again = { id: newId<UserId>(now), email: user.email, passwordHash: 'other' };
  t.equal(await users.create(again, now), 'email_taken');
  t.strictSame(await users.find(user.id), user, 'and nothing has changed');
  t.equal(await users.bumpTokenVersion(user.id), 1);
  await users.setPassword(user.id, 'new', now + 1);
  await users.disable(user.id, now + 2);
  t.match(await users.find(user.id), { tokenVersion: 1, passwordHash: 'new', disabledAt: now + 2 });
  t.equal(await users.find(newId<UserId>(now)), undefined);
}

async function imports(t: Test, storage: Storage): Promise<void> {
  const { users } = storage.database;
  const taken = await newUser(storage);
  const [one, two] = [newId<UserId>(now), newId<UserId>(now)];
  const row = (id: UserId, email: string, name: string) => ({
    ...{ id, email: email as Email, passwordHash: 'h', emailVerified: true, disabled: false },
    ...{ phoneId: newId<FactorId>(now), importedRow: Buffer.alloc(32, name) },
  });
  const [first, second] = [row(one, `${one}@example.com`, 'a'), row(two, `${two}@example.com`, 'b')];
  t.strictSame(await users.findExisting([first, second]), []);
  const phone = '+4915112345679' as Phone;
  const created = await users.createImported([{ ...first, phone, createdAt: now - 5, locale: 'de' }], now);
  t.strictSame(created, new Set([one]));
  t.match(await users.find(one), {
    ...{ emailVerifiedAt: now - 5, createdAt: now - 5, locale: 'de', disabledAt: undefined },
    phone: { number: phone, verifiedAt: now - 5 },
  });
  const conflicts = [
    row(newId<UserId>(now), taken.email, 'c'),
    row(one, 'another@example.com', 'd'),
    row(newId<UserId>(now), 'third@example.com', 'a'),
  ];
  t.strictSame(
    await users.createImported([...conflicts, { ...second, disabled: true }], now),
    new Set([two]),
  );
  t.equal((await users.find(two))?.disabledAt, now);
  const found = await users.findExisting(conflicts);
  t.strictSame(new Set(found.map(({ id }) => id)), new Set([taken.id, one]));
  await users.delete(one, now);
  t.match(await users.findExisting([first]), [{ id: one, deleted: true }], 'its row is known');

  await users.replaceHash(two, 'other', 'new');
  t.equal((await users.find(two))?.passwordHash, 'h', 'it is another one by now');
  await users.replaceHash(two, 'h', 'new');
  t.equal((await users.find(two))?.passwordHash, 'new');
}

async function phones(t: Test, storage: Storage): Promise<void> {
  const { users } = storage.database;
  const [ada, bob] = [await newUser(storage), await newUser(storage)];
  const number = '+4915112345678' as Phone;
  const phone = (verifiedAt: number) => ({ number, id: newId<FactorId>(verifiedAt), verifiedAt });
  t.equal(await users.findByPhone(number), undefined);
  t.equal(await users.lastPhoneId(ada.id), undefined);
  const first = phone(now);
  const set = (id: UserId, given: UserPhone) =>
    storage.database.transaction((stores) => stores.users.setPhone(id, given));
  t.equal(await set(ada.id, first), 'set');
  t.strictSame((await users.find(ada.id))?.phone, first);
  t.equal(await set(bob.id, phone(now + 1)), 'taken');
  t.equal((await users.findByPhone(number))?.id, ada.id);
  t.equal(await users.removePhone(ada.id, newId<FactorId>(now)), false, 'another one');
  t.equal(await users.removePhone(ada.id, first.id), true);
  t.equal(await users.removePhone(ada.id, first.id), false, 'once');
  t.equal((await users.find(ada.id))?.phone, undefined);
  t.equal(await users.lastPhoneId(ada.id), first.id, 'for a repetition');
  t.equal(await set(bob.id, phone(now + 2)), 'set');
  t.equal((await users.findByPhone(number))?.id, bob.id);
  await users.delete(bob.id, now);
  t.equal(await users.findByPhone(number), undefined);
  t.equal(await users.lastPhoneId(bob.id), undefined);
}

function aUse(sessionId: SessionId): SessionUse {
  const event = { type: 'session_refreshed', actor: { name: 'user' }, sessionId } as const;
  return {
    ...{ now, userAgent: 'b', ip: '::1', idleExpiresAt: now + 40 * minute, accessExpiresAt: now + 1 },
    ...{ context: noContext, signingKid: 'kid', rightsEpoch: 0, events: [event] },
  };
}

async function oneAddress(t: Test, storage: Storage): Promise<void> {
  const { database } = storage;
  const { id, email } = await newUser(storage);
  await database.users.delete(id, now);
  const [first, second] = [await newUser(storage), await newUser(storage)];
  const replace = (userId: UserId, after: (stores: Stores) => Promise<unknown>) =>
    database.transaction(async (stores) => {
      const outcome = await stores.users.replaceEmail(userId, email, now);
      await after(stores);
      // The transaction goes on, whatever the outcome.
      await stores.users.bumpTokenVersion(userId);
      return outcome;
    });
  let other: Promise<string> | undefined;
  const outcome = await replace(first.id, async (stores) => {
    other = replace(second.id, async () => {});
    // Time for the other one to find the address free and to wait for the index.
    for (let reads = 0; reads < 50; reads += 1) await stores.users.any();
  }).catch(String);
  t.strictSame([outcome, await other?.catch(String)], ['replaced', 'email_taken'], 'in the same moment');
  t.match(await database.users.find(second.id), { email: second.email, tokenVersion: 1 });
}

async function sessions(t: Test, storage: Storage): Promise<void> {
  const { sessions, users, refreshes } = storage.database;
  const user = await newUser(storage);
  const id = await newSession(storage, user);
  const use = { ...aUse(id), now: now + 1 };
  const found = await sessions.find(id);
  t.match(found, {
    id,
    generation: 0,
    amr: ['pwd'],
    rotatedAt: undefined,
    user: { tokenVersion: 0, disabled: false },
  });

  t.equal(await refreshes.advance(id, 1, use), false, 'another generation is current');
  const told = async () => (await storage.database.auditLog.list({ sessionId: id }, undefined, 10)).length;
  t.equal(await told(), 0, 'what is not written is not told');
  t.equal(await refreshes.advance(id, 0, use), true);
  t.equal(await refreshes.advance(id, 0, use), false, 'it advanced meanwhile');
  t.equal(await told(), 1, 'what is written is');
  t.match(await sessions.find(id), {
    ...{ generation: 1, rotatedAt: now + 1, graceRepeats: 0, userAgent: 'b', ip: '::1', lastUsedAt: now + 1 },
    ...{ idleExpiresAt: now + 40 * minute, accessExpiresAt: now + 15 * minute },
  });
  t.equal(await refreshes.repeat(id, 0, 2, use), false, 'the generation is that of the successor');
  t.equal(await refreshes.repeat(id, 1, 2, { ...use, accessExpiresAt: now + 20 * minute }), true);
  t.equal(await refreshes.repeat(id, 1, 2, use), true);
  t.equal(await refreshes.repeat(id, 1, 2, use), false, 'two are the most');
  t.equal(await told(), 3);
  t.match(await sessions.find(id), { generation: 1, graceRepeats: 2, accessExpiresAt: now + 20 * minute });

  t.equal(await refreshes.advance(id, 1, { ...use, now: now + 40 * minute }), false, 'idle');
  t.equal(await refreshes.advance(id, 1, { ...use, now: now + 90 * minute }), false, 'expired');

  await users.bumpTokenVersion(user.id);
  t.equal(await refreshes.advance(id, 1, use), false, 'the version moved');
  await sessions.setTokenVersion(id, 1);
  t.equal(await refreshes.advance(id, 1, use), true);
  await users.disable(user.id, now);
  t.equal(await refreshes.advance(id, 2, use), false, 'the user is disabled');
  t.equal(await refreshes.repeat(id, 2, 2, use), false);

  const other = await newUser(storage);
  const ids: SessionId[] = [];
  for (const age of [1, 2, 3, 4]) ids.unshift(await newSession(storage, other, now + age * minute));
  const listed = (limit: number, before?: SessionId) =>
    sessions
      .list(other.id, { now: now + 31 * minute, limit, ...(before === undefined ? {} : { before }) })
      .then((page) => page.map((session) => session.id));
  t.strictSame(await listed(10), ids.slice(0, 3), 'newest first, without the one that is idle');
  t.strictSame(await listed(2), ids.slice(0, 2));
  t.strictSame(await listed(2, ids[1]), ids.slice(2, 3));
}

async function ending(t: Test, storage: Storage): Promise<void> {
  const { sessions, refreshes } = storage.database;
  const [user, other] = [await newUser(storage), await newUser(storage)];
  const [one, two, three] = [
    await newSession(storage, user),
    await newSession(storage, user),
    await newSession(storage, user),
  ];
  const strangers = await newSession(storage, other);
  const end = {
    ...{ userId: user.id, hasStarted: false, clientIsTold: false },
    ...{ accessExpiresAt: now + 15 * minute, newlyEnded: true },
  };

  t.strictSame(await sessions.end({ sessionIds: [one] }, 'logout', now), [{ id: one, ...end }]);
  t.strictSame(
    await sessions.end({ sessionIds: [one] }, 'logout', now + 1),
    [{ id: one, ...end, newlyEnded: false }],
    'again, as long as its access tokens could be live',
  );
  const skew = verifierLimits.clockSkewSeconds * 1000;
  t.strictSame(
    await sessions.end({ sessionIds: [one] }, 'logout', now + 15 * minute + skew),
    [],
    'and then no more',
  );
  t.strictSame(
    await sessions.end({ userId: user.id, except: two }, 'password_changed', now + 15 * minute + skew),
    [{ id: three, ...end }],
  );
  const all = await sessions.end({ userId: user.id }, 'logout_all', now + 1);
  t.strictSame(
    new Map(all.map(({ id, newlyEnded }) => [id, newlyEnded])),
    new Map([one, two, three].map((id) => [id, id === two])),
  );
  t.match(await sessions.find(one), { endedAt: now }, 'the first end stays');
  t.match(await sessions.find(strangers), { endedAt: undefined }, "nobody else's session has ended");
  t.equal(await refreshes.advance(one, 0, aUse(one)), false);
  t.strictSame(
    await sessions.end({ sessionIds: [newId<SessionId>(now)] }, 'logout', now),
    [],
    'no such session',
  );
}

async function allButNewest(t: Test, storage: Storage): Promise<void> {
  const { sessions } = storage.database;
  const [user, other] = [await newUser(storage), await newUser(storage)];
  const strangers = await newSession(storage, other);
  const made: SessionId[] = [];
  for (const age of [0, 1, 2, 3, 4]) made.push(await newSession(storage, user, now + age));
  const end = async (newest: number, at = now) => {
    const ended = await sessions.end({ userId: user.id, allButNewest: newest }, 'session_limit', at);
    return ended.map(({ id }) => id).sort();
  };
  t.strictSame(await end(5), [], 'there are no more');
  t.strictSame(await end(3), made.slice(0, 2), 'the oldest end');
  t.strictSame(await end(3), [], 'once');
  t.strictSame(await end(0, now + 40 * minute), [], 'what has expired counts for nothing');
  t.strictSame(await end(0), made.slice(2));
  t.match(await sessions.find(strangers), { endedAt: undefined });
}

async function context(t: Test, storage: Storage): Promise<void> {
  const { sessions, refreshes } = storage.database;
  const id = await newSession(storage, await newUser(storage));
  t.match(await sessions.find(id), noContext, 'nothing is noted at first');
  const noted = {
    ...{ deviceId: 'device', otherIp: '192.0.2.1', otherIpAt: now + 5, quickRefreshes: 3 },
    ...{ contextSignals: ['device_changed', 'network_changed'], contextScore: 60, contextChangedAt: now + 7 },
  };
  const use = { ...aUse(id), context: noted };
  t.equal(await refreshes.advance(id, 0, use), true);
  t.match(await sessions.find(id), noted);
  t.equal(await refreshes.repeat(id, 1, 5, { ...use, context: noContext }), true);
  t.match(await sessions.find(id), noContext);
}

/** As `judgeRefresh` has it: a session with a key is repeated however often, and keeps its key. */
async function boundKey(t: Test, storage: Storage): Promise<void> {
  const { sessions, refreshes } = storage.database;
  const user = await newUser(storage);
  const id = await newSession(storage, user);
  t.match(await sessions.find(id), { boundKey: undefined });
  t.equal(await refreshes.advance(id, 0, aUse(id)), true);
  t.match(await sessions.find(id), { boundKey: undefined }, 'without a proof');
  t.equal(await refreshes.advance(id, 1, { ...aUse(id), jkt: 'one' }), true);
  t.match(await sessions.find(id), { generation: 2, boundKey: { jkt: 'one', since: 2 } });
  t.equal(await refreshes.advance(id, 2, { ...aUse(id), jkt: 'other' }), true);
  t.match(await sessions.find(id), { generation: 3, boundKey: { jkt: 'one', since: 2 } }, 'it stays');
  for (let repeat = 0; repeat < 3; repeat += 1) t.equal(await refreshes.repeat(id, 3, 2, aUse(id)), true);
  t.match(await sessions.find(id), { generation: 3, graceRepeats: 2 });

  const begun = { ...aSession(now), userId: user.id, boundKey: { jkt: 'one', since: 0 } };
  await sessions.create(begun, 'kid');
  t.match(await sessions.find(begun.id), { boundKey: begun.boundKey });
}

async function deleting(t: Test, storage: Storage): Promise<void> {
  const { users, sessions } = storage.database;
  const user = await newUser(storage);
  const id = await newSession(storage, user);
  await users.disable(user.id, now);
  await users.enable(user.id);
  t.match(await users.find(user.id), { disabledAt: undefined });
  await sessions.forgetPersonal(user.id);
  const nothing = { deviceName: undefined, userAgent: undefined, ip: undefined, ...noContext };
  t.match(await sessions.find(id), nothing);
  t.equal(await users.delete(user.id, now), true);
  t.equal(await users.delete(user.id, now), false, 'once');
  t.equal(await users.find(user.id), undefined);
  t.equal(await users.findByEmail(user.email), undefined);
  t.match(await sessions.find(id), { user: { disabled: true } }, 'the session is still there');
  const again = { ...user, id: newId<UserId>(now) };
  t.equal(await users.create(again, now), 'created', 'the e-mail is free for somebody else');
}

async function revocations(t: Test, storage: Storage): Promise<void> {
  const { revocations } = storage.database;
  const session: Revocation = {
    subject: uuidBytes(newId<SessionId>(now)),
    reason: 'logout',
    expiresAt: now + 100,
  };
  const token: Revocation = { subject: randomBytes(27), reason: 'logout', expiresAt: now + 200 };
  await revocations.record([session, token], now);
  await revocations.record([], now);
  const plain = (found: readonly Revocation[]) =>
    found
      .map(({ subject, ...rest }) => ({ subject: Buffer.from(subject).toString('hex'), ...rest }))
      .sort((a, b) => (a.subject < b.subject ? -1 : 1));

  t.strictSame(plain(await revocations.find([session.subject, randomBytes(16)])), plain([session]));
  t.strictSame(plain(await revocations.find([token.subject, session.subject])), plain([token, session]));
  await revocations.record([{ ...session, reason: 'logout_all', expiresAt: now + 300 }], now);
  await revocations.record([{ ...session, expiresAt: now + 50 }], now);
  const extended = { ...session, expiresAt: now + 300 };
  t.strictSame(
    plain(await revocations.find([session.subject])),
    plain([extended]),
    'extended, never shortened',
  );

  const many = Array.from({ length: 25 }, () => ({
    ...session,
    subject: randomBytes(16),
    expiresAt: now + 400,
  }));
  await revocations.record(many, now);
  const live: Revocation[] = [];
  for (let page: readonly Revocation[] = []; ; ) {
    page = await revocations.listLive(now + 250, 10, page.at(-1)?.subject);
    live.push(...page);
    if (page.length < 10) break;
  }
  t.strictSame(plain(live), plain([extended, ...many]), 'all that is live, in pages, once each');

  const counted = await revocations.countLive(now + 250, 1_000);
  t.strictSame(
    counted,
    [{ ofSessions: true, endsAt: now + 1_000, entries: many.length + 1 }],
    'counted by slice',
  );

  t.equal(await revocations.prune(now + 350, 1), 1);
  t.equal(await revocations.prune(now + 350, 10), 1);
  t.equal(await revocations.prune(now + 350, 10), 0);
  t.equal((await revocations.listLive(now, 100)).length, 25);
  await t.rejects(
    revocations.record([{ ...session, subject: randomBytes(5) }], now),
    'a subject of another size',
  );
}

async function services(t: Test, storage: Storage): Promise<void> {
  const { services } = storage.database;
  const service = {
    id: newId<ServiceId>(now),
    name: 'billing',
    kind: 'service',
    permissions: ['tokens.check'],
    ...{ audiences: ['a'], scopes: ['b'], redirectUris: ['https://c/'], jwks: { keys: [] } },
    ...{
      postLogoutRedirectUris: ['https://d/'],
      backchannelLogoutUri: 'https://e/',
      subjectSalt: new Uint8Array(randomBytes(32)),
    },
    certificateName: 'URI:spiffe://a/b',
    certificateBound: true,
    createdAt: now,
  } as const;
  const hash = randomBytes(32);
  const token = { createdAt: now, createdBy: 'operator', expiresAt: undefined };
  const aToken = (given = randomBytes(32)) => ({ ...token, hash: given });
  t.equal(await services.create(service, aToken(hash)), 'created');
  const others = { id: newId<ServiceId>(now), certificateName: undefined };
  t.equal(await services.create({ ...service, ...others }, aToken()), 'name_taken');
  const other = { ...service, id: newId<ServiceId>(now), name: 'shipping' };
  t.equal(await services.create(other, aToken()), 'certificate_taken');
  const unused = { ...token, lastUsedAt: undefined };
  t.strictSame(await services.findByTokenHash(hash), {
    service: { ...service, disabledAt: undefined, revokedAt: undefined },
    token: unused,
  });
  await services.setDisabled(service.id, now);
  t.equal(await services.findByTokenHash(hash), undefined, 'a disabled one is not found by what it presents');
  t.match(await services.find(service.id), { name: 'billing', disabledAt: now });
  await services.setDisabled(service.id, undefined);
  await changesOfService(t, storage, service);
  await tokensOfOneService(t, storage, service.id, hash);
  t.equal(await services.findByTokenHash(randomBytes(32)), undefined);
  t.match(await services.findByCertificateNames(['DNS:x', 'URI:spiffe://a/b']), { name: 'billing' });
  t.equal(await services.findByCertificateNames(['spiffe://a/b']), undefined);
  t.equal(await services.findByCertificateNames([]), undefined);
  await services.revoke(service.id, now + 1);
  t.equal(await services.findByCertificateNames(['URI:spiffe://a/b']), undefined);
  t.equal(await services.findByTokenHash(hash), undefined, 'a revoked one is not found');
  t.match(await services.list(), [{ name: 'billing', revokedAt: now + 1, tokens: [{}, {}] }]);
  t.equal(await services.create(other, aToken()), 'created', 'the name of a revoked one is free');
  const third = { ...service, id: newId<ServiceId>(now), name: 'third', certificateName: 'DNS:x' };
  t.equal(await services.create(third, aToken()), 'created');
  const both = ['DNS:x', 'URI:spiffe://a/b'];
  t.equal(await services.findByCertificateNames(both), undefined, 'of two, nobody knows which one is meant');
}

async function changesOfService(
  t: Test,
  { database }: Storage,
  service: ServiceSettings & Pick<Service, 'id' | 'name' | 'kind' | 'createdAt' | 'subjectSalt'>,
): Promise<void> {
  const { services } = database;
  const shipping = { ...service, id: newId<ServiceId>(now), name: 'shipped', certificateName: 'DNS:shipped' };
  t.equal(await services.create(shipping, undefined), 'created');
  const changed: ServiceSettings = {
    ...{
      permissions: ['tokens.revoke'] as const,
      audiences: [],
      scopes: ['c'],
      redirectUris: ['https://f/'],
    },
    ...{ jwks: { keys: [{}] }, postLogoutRedirectUris: [], backchannelLogoutUri: undefined },
    ...{ certificateName: 'DNS:g', certificateBound: false },
  };
  const taken = () => services.isCertificateTaken('DNS:shipped', service.id);
  const take = () => services.update(service.id, { ...changed, certificateName: 'DNS:shipped' });
  t.equal(await taken(), true);
  t.equal(await services.isCertificateTaken('DNS:shipped', shipping.id), false, 'by itself');
  await t.rejects(take());
  await services.update(service.id, changed);
  t.match(await services.find(service.id), { ...service, ...changed });
  await services.revoke(shipping.id, now);
  t.equal(await taken(), false, 'the name of a revoked one is free');
  await take();
  await services.update(service.id, service);
}

/** Two at most, however they are made. */
async function tokensOfOneService(
  t: Test,
  { database }: Storage,
  id: ServiceId,
  first: Uint8Array,
): Promise<void> {
  const { services } = database;
  const hour = 60 * minute;
  const used = async () => (await services.findByTokenHash(first))?.token.lastUsedAt;
  await services.noteUse(first, now, hour);
  await services.noteUse(first, now + hour, hour);
  t.equal(await used(), now, 'not again within the hour');
  await services.noteUse(first, now + hour + 1, hour);
  t.equal(await used(), now + hour + 1);
  await services.noteUse(randomBytes(32), now, hour);

  const rotate = async (hash: Uint8Array, createdAt: number, keepUntil: number, expiresAt?: number) => {
    const token = { hash, createdAt, createdBy: 'operator', expiresAt };
    await database.transaction((stores) => stores.services.rotate(id, token, keepUntil));
  };
  const tokens = async () =>
    (await services.list())[0]?.tokens.map(({ createdAt, expiresAt }) => [createdAt, expiresAt]);
  const [second, third] = [randomBytes(32), randomBytes(32)];
  await rotate(second, now + 1, now + 10, now + 5);
  t.strictSame(
    await tokens(),
    [
      [now + 1, now + 5],
      [now, now + 10],
    ],
    'the old one until then',
  );
  await services.noteUse(second, now + 1, hour);
  await rotate(third, now + 2, now + 20);
  t.strictSame(
    await tokens(),
    [
      [now + 2, undefined],
      [now + 1, now + 5],
    ],
    'no longer than it had',
  );
  t.equal(await services.findByTokenHash(first), undefined, 'the one before that ends');
  t.match(await services.findByTokenHash(second), { service: { id } });
  await rotate(randomBytes(32), now + 2, now + 20);
  t.match(
    await services.findByTokenHash(second),
    { service: { id } },
    'the one in use, since nobody got the third',
  );
  t.equal(await services.findByTokenHash(third), undefined);
  await rotate(randomBytes(32), now + 3, now + 3);
  t.strictSame(await tokens(), [[now + 3, undefined]], 'nothing is kept when that is asked');
  t.equal(await services.findByTokenHash(third), undefined);
  await rotate(randomBytes(32), now + 4, now + 30, now + 6);
  await rotate(randomBytes(32), now + 7, now + 30);
  t.strictSame(
    await tokens(),
    [
      [now + 7, undefined],
      [now + 3, now + 30],
    ],
    'of those that live the latest, of those that have expired none',
  );
  const atOnce = [1, 2, 3, 4].map((each) => rotate(randomBytes(32), now + 10 + each, now + 100));
  await Promise.all(atOnce);
  t.equal((await tokens())?.length, 2, 'four at once');
}

async function signingKeys(t: Test, { database }: Storage): Promise<void> {
  const { signingKeys } = database;
  const before = Date.now() - 1_000;
  t.strictSame((await signingKeys.load()).keys, []);
  const [first, second, next] = [
    await aSigningKey('active'),
    await aSigningKey('active'),
    await aSigningKey('next'),
  ];
  await signingKeys.save(first);
  await signingKeys.save(next);
  await t.rejects(signingKeys.save(second), 'only one key is active');
  const { keys, now: clock } = await signingKeys.load();
  t.same(keys, [first, next].toSorted(byAge), 'what was written is read');
  t.ok(clock > before && clock < Date.now() + 1_000, 'with the time of the store');

  const times = { publishedAt: undefined, activatedAt: now + 1, retiringAt: now + 2, retiredAt: now + 3 };
  const retired = { ...first, ...times, state: 'retired' as const, sealedPrivateKey: new Uint8Array() };
  await signingKeys.save({ ...retired, revokedAt: now + 4, tokenLifetimeMs: 1, cacheMs: 2 });
  t.same(await signingKeys.find(first.kid), {
    ...retired,
    revokedAt: now + 4,
    tokenLifetimeMs: 1,
    cacheMs: 2,
  });
  t.equal(await signingKeys.find('none'), undefined);
  t.same((await signingKeys.load()).keys, [next], 'a dead key is not in the ring');
  await signingKeys.save({ ...next, state: 'active' });
  await signingKeys.save(await aSigningKey('next', undefined, now + minute));
  t.equal((await signingKeys.list(10)).length, 3);
  t.equal((await signingKeys.list(1)).length, 1);

  let inside = 0;
  const alone = () =>
    database.transaction(async (stores) => {
      await stores.signingKeys.lock();
      inside += 1;
      t.equal(inside, 1, 'one at a time');
      await stores.signingKeys.load();
      inside -= 1;
    });
  await Promise.all([alone(), alone(), alone()]);
}

function byAge(one: StoredSigningKey, other: StoredSigningKey): number {
  return one.createdAt - other.createdAt || (one.kid < other.kid ? -1 : 1);
}

async function transactions(t: Test, storage: Storage): Promise<void> {
  const { database } = storage;
  const user = await newUser(storage);
  const failed = database.transaction(async (stores) => {
    await stores.users.bumpTokenVersion(user.id);
    throw new Error('on purpose');
  });
  await t.rejects(failed, { message: 'on purpose' });
  t.match(await database.users.find(user.id), { tokenVersion: 0 }, 'nothing of it is stored');

  // Both read before either writes, unless the lock makes the second one wait.
  const bump = () =>
    database.transaction(async ({ users }) => {
      const locked = await users.lock(user.id);
      await users.bumpTokenVersion(user.id);
      return locked?.tokenVersion;
    });
  const seen = await Promise.all([bump(), bump(), bump(), bump()]);
  t.strictSame([...seen].sort(), [0, 1, 2, 3], 'each sees what the one before it wrote');

  await tooManyTransactions(t, storage);
}

async function tooManyTransactions(t: Test, { database }: Storage): Promise<void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const many = Array.from({ length: postgresLimits.transactionsAtOnce }, () =>
    database.transaction(() => released),
  );
  await t.rejects(
    database.transaction(async () => t.fail('it runs')),
    { code: 'overloaded', reason: 'transactions', retryAfterSeconds: 1 },
    'one more is refused at once',
  );
  const id = newId<SessionId>(now);
  for (const refresh of [
    () => database.refreshes.advance(id, 0, aUse(id)),
    () => database.refreshes.repeat(id, 0, 1, aUse(id)),
  ])
    await t.rejects(refresh(), { code: 'overloaded', reason: 'transactions' }, 'and a refresh is one');
  const event = { type: 'session_ended', actor: { name: 'user' }, sessionId: id } as const;
  const admitted = [
    database.logouts.end([event], 'logout', now),
    createSealAudit({ database })(),
    createDeleteOldEvents({ database, retentionMs: 1, earliestTime: () => 0 })(),
    createDeleteOldSessions({ database, retentionMs: 1, earliestTime: () => 0 })(),
  ];
  release();
  await t.resolves(Promise.all(admitted), 'no number of requests keeps logouts and upkeep from being done');
  t.equal(
    (await Promise.all(many)).length,
    postgresLimits.transactionsAtOnce,
    'and harms none of the others',
  );
  t.equal(await database.transaction(async () => 'runs'), 'runs', 'then there is room again');
}
