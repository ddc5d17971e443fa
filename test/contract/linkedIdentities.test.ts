/** Linked identities as they are stored, over PGlite and over a PostgreSQL server. */
import type { FactorId } from '@countersign/verifier/ids';
import t from 'tap';
import type { LinkedIdentity } from '../../src/login/providers/linkedIdentity.ts';
import { newId } from '../../src/platform/newId.ts';
import { engines, openStorage } from '../support/engines.ts';
import { newUser, rowsMadeAt as now } from '../support/rows.ts';

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);
    const { linkedIdentities: store } = storage.database;
    const [user, other] = [await newUser(storage), await newUser(storage)];
    const identity = (given: Partial<LinkedIdentity> = {}): LinkedIdentity => ({
      ...{ id: newId<FactorId>(now), userId: user.id, provider: 'acme', issuer: 'https://acme.example' },
      ...{ subject: 'ada', createdAt: now, lastUsedAt: undefined, ...given },
    });
    const first = identity();
    const elsewhere = identity({ issuer: 'https://acme.example/', id: newId<FactorId>(now + 1) });
    t.equal(await store.create(first), 'created');
    t.equal(await store.create(elsewhere), 'created', 'another issuer with the same subject');
    t.equal(await store.create(identity({ userId: other.id })), 'taken', 'an identity has one user');
    t.equal(await store.create(identity()), 'taken', 'and is linked once');
    t.equal(await store.create(identity({ subject: 'Ada', userId: other.id })), 'created', 'case counts');
    t.strictSame(await store.list(user.id), [first, elsewhere], 'oldest first');
    t.strictSame(await store.find(first), first);
    t.equal(await store.find({ ...first, subject: 'ada ' }), undefined);

    t.equal(await store.use(first.id, now + 5), true);
    t.equal((await store.find(first))?.lastUsedAt, now + 5);
    t.equal(await store.remove(other.id, first.id), false, 'of another user');
    t.equal(await store.remove(user.id, first.id), true);
    t.equal(await store.remove(user.id, first.id), false);
    t.equal(await store.use(first.id, now + 6), false, 'gone');
    await store.forget(user.id);
    t.strictSame(await store.list(user.id), []);
    t.equal((await store.list(other.id)).length, 1, 'only those of the user');

    const many = Array.from({ length: 8 }, (_, index) =>
      store.create(identity({ subject: 'race', userId: index % 2 === 0 ? user.id : other.id })),
    );
    const outcomes = await Promise.all(many);
    t.equal(outcomes.filter((outcome) => outcome === 'created').length, 1, 'of several at once, one');
  });
}
