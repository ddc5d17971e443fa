/** What stores list for operators, over PGlite and over a PostgreSQL server. */
import type { MessageId, ServiceId, SessionId, UserId } from '@countersign/verifier/ids';
import t from 'tap';
import type { Email } from '../../src/accounts/email.ts';
import { type ListedUser, userOrders } from '../../src/accounts/user.ts';
import type { Stores } from '../../src/database.ts';
import { newId } from '../../src/platform/newId.ts';
import type { SessionRange } from '../../src/sessions/store.ts';
import { aSession } from '../support/aSession.ts';
import { engines, openStorage } from '../support/engines.ts';
import { minute, newUser, rowsMadeAt as now } from '../support/rows.ts';

interface Page<Key> {
  readonly limit: number;
  readonly after: Key | undefined;
}

/** All pages of two. */
async function walked<Key, Row>(
  list: (page: Page<Key>) => Promise<readonly Row[]>,
  keyOf: (row: Row) => Key,
): Promise<readonly Row[]> {
  const all: Row[] = [];
  let page: readonly Row[];
  do {
    const last = all.at(-1);
    page = await list({ limit: 2, after: last === undefined ? undefined : keyOf(last) });
    all.push(...page);
  } while (page.length > 0);
  return all;
}

const aService = {
  kind: 'service' as const,
  ...{ permissions: [], audiences: [], scopes: [], redirectUris: [] },
  ...{ postLogoutRedirectUris: [], backchannelLogoutUri: undefined, subjectSalt: undefined, jwks: undefined },
  ...{ certificateName: undefined, certificateBound: false, createdAt: now },
} as const;

const hour = 60 * minute;
const day = 24 * hour;

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);
    const { sessions, users, services, outbox, requests } = storage.database;

    await t.test('sessions that match, and what ending them would end', async (t) => {
      const [ada, bob] = [await newUser(storage), await newUser(storage)];
      const add = async (userId: typeof ada.id, age: number, more: object = {}) => {
        const createdAt = now - age;
        const session = { ...aSession(now), id: newId<SessionId>(now - age), userId, createdAt, ...more };
        await sessions.create(session, 'kid');
        return session.id;
      };
      const young = await add(ada.id, minute, { ip: '192.0.2.1' });
      const old = await add(ada.id, 2 * day, { ip: '192.0.2.77', clientId: 'shop' });
      const bobs = await add(bob.id, 2 * hour, { ip: '2001:db8:1:2::3' });
      const ended = await add(bob.id, hour);
      await sessions.end({ sessionIds: [ended] }, 'logout', now);
      const none = await add(bob.id, 40 * day, { ip: undefined });

      const found = async (filter: object, after?: SessionId, way: 'asc' | 'desc' = 'desc') =>
        (await sessions.search(filter, { now, limit: 10, way, after })).map(({ id }) => id);
      t.strictSame(await found({}), [young, bobs, old, none], 'live ones, newest first');
      t.strictSame(await found({}, bobs), [old, none], 'the next page');
      t.strictSame(await found({}, undefined, 'asc'), [none, old, bobs, young], 'oldest first');
      t.strictSame(await found({}, old, 'asc'), [bobs, young], 'the next page of them');
      t.strictSame(await found({ userId: ada.id }), [young, old]);
      t.strictSame(await found({ clientId: 'shop' }), [old]);
      t.strictSame(await found({ ip: '192.0.2.1' }), [young]);
      t.strictSame(await found({ createdBefore: now - day }), [old, none]);
      t.equal((await sessions.search({}, { now, limit: 1, way: 'desc' })).length, 1);

      const most = { parts: 20, sessions: 4 };
      t.strictSame(await sessions.preview({}, now, most), {
        ...{ sessions: 4, users: 2, more: false },
        byClient: [
          { name: 'first-party', sessions: 3 },
          { name: 'shop', sessions: 1 },
        ],
        byNetwork: [
          { name: '192.0.2.0/24', sessions: 2 },
          { name: '', sessions: 1 },
          { name: '2001:db8:1::/48', sessions: 1 },
        ],
        byAge: [
          { name: 'day', sessions: 1 },
          { name: 'hour', sessions: 1 },
          { name: 'older', sessions: 1 },
          { name: 'week', sessions: 1 },
        ],
      });
      const least = await sessions.preview({}, now, { ...most, parts: 1 });
      t.strictSame([least.byClient.length, least.byNetwork.length], [1, 1], 'no more parts than asked for');
      const some = await sessions.preview({}, now, { ...most, sessions: 3 });
      t.match(some, { sessions: 3, more: true }, 'no more sessions than asked for');
      const ofAges = some.byAge.reduce((sum, { sessions: count }) => sum + count, 0);
      t.equal(ofAges, 3, 'parts of those that were counted');
      t.strictSame(await sessions.preview({ clientId: 'nobody' }, now, most), {
        ...{ sessions: 0, users: 0, more: false, byClient: [], byNetwork: [], byAge: [] },
      });
      const range = { after: undefined, last: undefined };
      t.equal(await sessions.count({ matching: { userId: ada.id }, range }, now), 2);
      t.equal((await sessions.preview({ userId: ada.id }, now, most)).sessions, 2, 'as the count says');
    });

    await t.test('sessions that match, page by page', async (t) => {
      const user = await newUser(storage);
      const ids: SessionId[] = [];
      for (let made = 0; made < 12; made += 1) {
        const id = newId<SessionId>(now + made);
        const ip = made % 3 === 0 ? '198.51.100.9' : '198.51.100.1';
        await sessions.create({ ...aSession(now), id, userId: user.id, clientId: 'paged', ip }, 'kid');
        ids.push(id);
      }
      for (const [filter, expected] of [
        [{ ip: '198.51.100.9' }, [ids[3], ids[9], undefined]],
        [{ clientId: 'paged', ip: '198.51.100.9' }, [ids[3], ids[9], undefined]],
        [{ clientId: 'nobody' }, [undefined]],
        [{ userId: user.id }, [ids[1], ids[3], ids[5], ids[7], ids[9], ids[11], undefined]],
      ] as const) {
        const select = (range: SessionRange) => ({ matching: filter, range });
        const ends: (SessionId | undefined)[] = [];
        let last: SessionId | undefined;
        do {
          ({ last } = await sessions.nextSelected(select, last, { rows: 2, now }));
          ends.push(last);
        } while (last !== undefined);
        t.strictSame(ends, expected, JSON.stringify(filter));
      }
    });

    await t.test('users by a part of their e-mail', async (t) => {
      const ids: UserId[] = [];
      for (const email of ['a_b@search.example', 'axb@search.example', 'a%b@search.example']) {
        const id = newId<UserId>(now + ids.length);
        await users.create({ id, email: email as Email, passwordHash: 'x' }, now);
        ids.push(id);
      }
      const found = async (contains: string) =>
        (await users.list({ limit: 10, contains })).map(({ email }) => email);
      t.equal((await found('@search.example')).length, 3);
      t.strictSame(await found('a_b@'), ['a_b@search.example'], 'an underscore is one');
      t.strictSame(await found('%b@'), ['a%b@search.example']);
      t.strictSame(await found('\\'), []);
      const next = await users.list({ after: ids[0], limit: 10, contains: '@search.example' });
      t.equal(next.length, 2, 'the next page');
    });

    await t.test('the last user of a page may change or leave: nobody else is lost', async (t) => {
      const names = ['delta', 'alpha', 'echo', 'bravo', 'charlie'];
      const inTransaction = (act: (stores: Stores) => Promise<unknown>) =>
        storage.database.transaction(async (stores) => {
          await act(stores);
        });
      const leaves: Record<string, (id: UserId) => Promise<void>> = {
        delete: (id) => inTransaction((stores) => stores.users.delete(id, now)),
        // Out of the list.
        rename: (id) =>
          inTransaction((stores) => stores.users.replaceEmail(id, `${id}@else.example` as Email, now)),
      };
      const orders = userOrders.flatMap((by) => [{ by, way: 'asc' } as const, { by, way: 'desc' } as const]);
      const cases = Object.entries(leaves).flatMap(([how, leave]) =>
        orders.map((order) => ({ how, leave, order })),
      );
      for (const { how, leave, order } of cases) {
        const contains = `@${how}-${order.by}-${order.way}.example`;
        for (const [index, name] of names.entries()) {
          const [id, email] = [newId<UserId>(now + index), `${name}${contains}` as Email];
          await users.create({ id, email, passwordHash: 'x' }, now);
        }
        const list = async (page: Page<UserId | Email>) => {
          const found = await users.list({ ...page, contains, order });
          for (const { id } of found.slice(-1)) await leave(id);
          return found;
        };
        const seen = await walked(list, ({ id, email }) => (order.by === 'email' ? email : id));
        const sorted = order.by === 'email' ? names.toSorted() : names;
        t.strictSame(
          seen.map(({ email }) => email.replace(contains, '')),
          order.way === 'asc' ? sorted : sorted.toReversed(),
          contains,
        );
      }
      const unknown = { limit: 1, after: newId<UserId>(now + names.length), contains: '@search.example' };
      t.strictSame(await users.list(unknown), [], 'after all');
      const before = await users.list({ ...unknown, order: { by: 'create_time', way: 'desc' } });
      t.equal(before.length, 1, 'an unknown id is a place, too');
    });

    await t.test('users and services in each order, page by page', async (t) => {
      const names = ['delta', 'alpha', 'charlie', 'bravo'];
      for (const [index, name] of names.entries()) {
        const [id, email] = [newId<UserId>(now + index), `${name}@order.example` as Email];
        await users.create({ id, email, passwordHash: 'x' }, now);
        await services.create({ ...aService, id: newId<ServiceId>(now + index), name }, undefined);
      }
      const sorted = names.toSorted();
      for (const [by, way, expected] of [
        ['create_time', 'asc', names],
        ['create_time', 'desc', names.toReversed()],
        ['key', 'asc', sorted],
        ['key', 'desc', sorted.toReversed()],
      ] as const) {
        const ofUsers = {
          order: { by: by === 'key' ? 'email' : by, way },
          contains: '@order.example',
        } as const;
        const keyOf = ({ id, email }: ListedUser) => (by === 'key' ? email : id);
        const emails = await walked((page) => users.list({ ...page, ...ofUsers }), keyOf);
        t.strictSame(
          emails.map(({ email }) => email),
          expected.map((each) => `${each}@order.example`),
          `users by ${by} ${way}`,
        );
        const order = { by: by === 'key' ? 'name' : by, way } as const;
        const found = await walked(
          (page: Page<ServiceId>) => services.list({ ...page, order }),
          ({ id }) => id,
        );
        t.strictSame(
          found.map(({ name }) => name),
          expected,
          `services by ${by} ${way}`,
        );
      }
    });

    await t.test('messages that wait', async (t) => {
      const ids: MessageId[] = [];
      for (const channel of ['mail', 'none', 'sms'] as const) {
        const id = newId<MessageId>(now + ids.length);
        const entry = { channel, template: 'recovery', userId: undefined, createdAt: now };
        await outbox.add({ id, sealedMessage: new Uint8Array(4), ...entry });
        ids.push(id);
      }
      const page = (after: MessageId | undefined) => ({ after, limit: 10, givenUp: false });
      await outbox.retry(ids[0] as MessageId, now + hour, 'timeout');
      const [first, ...rest] = await outbox.list(page(undefined));
      t.match(first, { id: ids[0], channel: 'mail', dueAt: now + hour, lastFault: 'timeout', attempts: 0 });
      t.notOk('sealedMessage' in (first ?? {}), 'its content stays sealed');
      t.match(rest, [{ channel: 'sms' }], 'no decoys');
      t.match(await outbox.list(page(ids[0])), [{ id: ids[2] }], 'the next page');
      t.equal(await outbox.sendNow(ids[0] as MessageId, now), 'due');
      t.match(await outbox.list({ ...page(undefined), limit: 1 }), [{ dueAt: now }]);
      t.match(await outbox.claim(now, minute, 1, 'mail'), [{ id: ids[0] }]);
      t.equal(await outbox.sendNow(ids[0] as MessageId, now), 'being_sent', 'not twice');
      t.strictSame(await outbox.claim(now, minute, 1, 'mail'), []);
      t.match(await outbox.list(page(undefined)), [{ claimedUntil: now + minute }, {}]);
      t.equal(await outbox.sendNow(ids[0] as MessageId, now + minute), 'due', 'its node died');
      await outbox.giveUp(ids[2] as MessageId, { now, keptMs: hour, fault: 'too old' });
      t.match(await outbox.list(page(undefined)), [{ id: ids[0] }]);
      const givenUp = { ...page(undefined), givenUp: true };
      t.match(await outbox.list(givenUp), [{ id: ids[2], givenUpAt: now, lastFault: 'too old' }]);
      t.strictSame(await outbox.claim(now + day, minute, 1, 'sms'), [], 'it is not sent any more');
      t.equal(await outbox.sendNow(ids[2] as MessageId, now), 'gone');
      await outbox.forgetGivenUp(now + hour - 1);
      t.equal((await outbox.list(givenUp)).length, 1);
      await outbox.forgetGivenUp(now + hour);
      t.equal((await outbox.list(givenUp)).length, 0);
      await outbox.remove(ids[0] as MessageId);
      t.equal(await outbox.sendNow(ids[0] as MessageId, now), 'gone');
    });

    await t.test('how far a named request is', async (t) => {
      const name = { caller: 'user:x', id: 'r1' };
      t.equal(await requests.find(name), undefined);
      const request = { ...name, targetHash: new Uint8Array(32) };
      await storage.database.transaction((stores) => stores.requests.open(request, now, day));
      t.strictSame(await requests.find(name), { openedAt: now, endedSessions: 0, finished: false });
      await storage.database.transaction((stores) => stores.requests.note(name, 5, true));
      t.match(await requests.find(name), { endedSessions: 5, finished: true });
      t.equal(await requests.find({ ...name, caller: 'user:y' }), undefined, 'of another caller');
    });
  });
}
