/** A client is changed, and the answer is lost: its repetition finishes that. And a key that is replaced while it is in use. */
import type { ServiceId, SessionId } from '@countersign/verifier/ids';
import type { CommittedRevocations, Effect } from '@countersign/verifier/revocation/revocation';
import t, { type Test } from 'tap';
import { createConfirmClient } from '../../src/oauth/authenticateClient.ts';
import { createUpdateClient } from '../../src/oauth/clients/updateClient.ts';
import { createCreateService, type NewService } from '../../src/services/services.ts';
import { engines, openStorage } from '../support/engines.ts';
import { createManualClock } from '../support/manualClock.ts';
import { aKey, operator } from '../support/oauthClients.ts';
import { newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';

const report = { effectAt: now, milliseconds: 1, nodes: [] };
const nothing = { sessions: 0, effect: undefined };

async function open(t: Test) {
  const server = engines.find(({ embedded }) => !embedded);
  if (server === undefined) throw new Error('no PostgreSQL server');
  const { engine, storage } = await openStorage(t, server.open);
  const { database } = storage;
  const told = { announced: [] as string[], isAnswering: true };
  const effect: Effect = {
    longestMs: () => 60_000,
    async announce({ revocations }: CommittedRevocations) {
      if (!told.isAnswering) throw new Error('no node answers');
      told.announced.push(...revocations.map(({ subject }) => Buffer.from(subject).toString('hex')));
      return report;
    },
    suspect() {},
  };
  const clock = createManualClock(now);
  const createService = createCreateService({ database, clock });
  return {
    ...{ told, database },
    updateClient: createUpdateClient({ database, clock, effect }),
    client: async (service: NewService): Promise<ServiceId> => (await createService(service, operator)).id,
    async sessionOf(clientId: string): Promise<SessionId> {
      const id = await newSession(storage, await newUser(storage));
      await engine.prisma.session.update({ where: { id }, data: { clientId } });
      return id;
    },
  };
}

t.test('the answer is lost: a repetition changes nothing more, and waits for the effect', async (t) => {
  const { told, updateClient, client, sessionOf } = await open(t);
  const scopes = ['read', 'write'];
  const shop = await client({ name: 'shop', permissions: [], client: { kind: 'app', scopes } });
  await client({ name: 'orders', permissions: ['tokens.exchange'] });
  const [first, second] = [aKey(), aKey()];
  const signing = { permissions: [], withoutSecret: true, client: { jwks: first.jwks } };
  const ofWorker = await sessionOf(await client({ ...signing, name: 'worker' }));
  const [ofShop, other] = [await sessionOf(shop), await sessionOf('first-party')];
  const rows = [
    ['shop', { scopes: ['read'] }, [ofShop]],
    ['worker', { jwks: second.jwks }, [ofWorker]],
    ['orders', { permissions: [] }, [ofShop, ofWorker, other]],
  ] as const;
  for (const [name, changes, touched] of rows) {
    told.isAnswering = false;
    await t.rejects(updateClient(name, changes, operator), /no node answers/, name);
    told.isAnswering = true;
    told.announced.length = 0;
    t.match(await updateClient(name, changes, operator), { sessions: touched.length, effect: report }, name);
    t.ok(told.announced.length >= touched.length, name);
    t.strictSame(await updateClient(name, changes, operator), nothing, name);
  }
});

t.test('a key is replaced after it proved the client: the request gets nothing', async (t) => {
  const { updateClient, client, database } = await open(t);
  const [first, second] = [aKey(), aKey()];
  const given = { permissions: [], withoutSecret: true, client: { jwks: first.jwks } };
  const found = async (id: ServiceId) => {
    const client = await database.services.find(id);
    if (client === undefined) throw new Error('no client');
    return { client, isProved: true };
  };
  const caller = await found(await client({ ...given, name: 'signing' }));
  const confirm = createConfirmClient({ database });
  await confirm(caller);
  const both = {
    keys: [...first.jwks.keys, ...second.jwks.keys].map((key, at) => ({ ...key, kid: `${at}` })),
  };
  await updateClient('signing', { audiences: ['orders.example'] }, operator);
  await confirm(caller);
  await updateClient('signing', { jwks: both }, operator);
  const later = await found(caller.client.id);
  await updateClient('signing', { jwks: { keys: both.keys.slice(1) } }, operator);
  await t.rejects(confirm(later), { code: 'invalid_client' });
});
