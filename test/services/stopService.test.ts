/** A client that is disabled or revoked: what an interrupted call left is finished by its repetition. */
import { type ServiceId, type SessionId, uuidBytes } from '@countersign/verifier/ids';
import type { CommittedRevocations, Effect } from '@countersign/verifier/revocation/revocation';
import { rightsSubject } from '@countersign/verifier/tokens/jti';
import t, { type Test } from 'tap';
import { newId } from '../../src/platform/newId.ts';
import type { ClientKind, Permission } from '../../src/services/service.ts';
import { createCreateService } from '../../src/services/services.ts';
import { createStopService } from '../../src/services/stopService.ts';
import { engines, openStorage } from '../support/engines.ts';
import { createManualClock } from '../support/manualClock.ts';
import { minute, newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';

const operator = { name: 'operator' };
const report = { effectAt: now, milliseconds: 1, nodes: [] };
const nothing = { sessions: 0, effect: undefined };
const lost = /no node answers/;

async function open(t: Test) {
  const server = engines.find(({ embedded }) => !embedded);
  if (server === undefined) throw new Error('no PostgreSQL server');
  const { engine, storage } = await openStorage(t, server.open);
  const { database } = storage;
  const told = { announced: [] as string[], announcementsLeft: Number.POSITIVE_INFINITY };
  const effect: Effect = {
    longestMs: () => 60_000,
    async announce({ revocations }: CommittedRevocations) {
      if (told.announcementsLeft === 0) throw new Error('no node answers');
      told.announcementsLeft -= 1;
      told.announced.push(...revocations.map(({ subject }) => Buffer.from(subject).toString('hex')));
      return report;
    },
    suspect() {},
  };
  const clock = createManualClock(now);
  const createService = createCreateService({ database, clock });
  return {
    ...{ told, ...createStopService({ database, clock, effect }) },
    async client(name: string, kind: ClientKind, permissions: readonly Permission[] = []) {
      return (await createService({ name, permissions, client: { kind } }, operator)).id;
    },
    async sessionOfUser(clientId: string) {
      const id = await newSession(storage, await newUser(storage));
      await engine.prisma.session.update({ where: { id }, data: { clientId } });
      return id;
    },
    /** The client's own session, with a token that lives for five minutes. */
    async ownSession(client: ServiceId) {
      const id = newId<SessionId>(now);
      await database.transaction(async ({ tokenSessions }) => {
        await tokenSessions.open(client, { id, sealedSecret: new Uint8Array(60), now }, 'orders.example');
        const token = { now, accessExpiresAt: now + 5 * minute, signingKid: 'kid' };
        await tokenSessions.note(id, token, 30 * minute);
      });
      return id;
    },
    events: async (type: 'client_disabled' | 'service_revoked') =>
      (await database.auditLog.list({ type }, undefined, 10)).length,
  };
}

const rightsOf = (id: SessionId, epoch = 0) => rightsSubject(id, epoch).toString('hex');
const wholeOf = (id: SessionId) => Buffer.from(uuidBytes(id)).toString('hex');

t.test('the answer is lost before tokens of its users are refused', async (t) => {
  const { told, disableClient, client, sessionOfUser, events } = await open(t);
  const session = await sessionOfUser(await client('shop', 'app'));
  await sessionOfUser('another client');
  told.announcementsLeft = 0;
  await t.rejects(disableClient('shop', operator), lost);
  told.announcementsLeft = Number.POSITIVE_INFINITY;
  t.strictSame(await disableClient('shop', operator), { sessions: 1, effect: report });
  t.strictSame(
    told.announced.splice(0),
    [rightsOf(session, 1), rightsOf(session)],
    'all that the session had',
  );
  t.strictSame(await disableClient('shop', operator), nothing);
  t.equal(await events('client_disabled'), 1);
});

t.test('the answer is lost before its own tokens are refused', async (t) => {
  for (const stop of ['disableClient', 'revokeService'] as const) {
    const { told, client, ownSession, events, ...operations } = await open(t);
    const session = await ownSession(await client('orders', 'service'));
    told.announcementsLeft = 1;
    await t.rejects(async () => void (await operations[stop]('orders', operator)), lost, stop);
    told.announced.length = 0;
    told.announcementsLeft = Number.POSITIVE_INFINITY;
    await operations[stop]('orders', operator);
    t.ok(told.announced.splice(0).includes(wholeOf(session)), stop);
    t.equal(await events(stop === 'disableClient' ? 'client_disabled' : 'service_revoked'), 1);
  }
});

t.test('one that may exchange tokens: those of all sessions, whichever client they are of', async (t) => {
  const { told, disableClient, client, sessionOfUser, ownSession } = await open(t);
  const orders = await client('orders', 'service', ['tokens.exchange']);
  const own = await ownSession(orders);
  const sessions = [await sessionOfUser('first-party'), await sessionOfUser('another client')];
  told.announcementsLeft = 0;
  await t.rejects(disableClient(orders, operator), lost);
  told.announcementsLeft = Number.POSITIVE_INFINITY;
  t.match(await disableClient(orders, operator), { sessions: 3, effect: report });
  for (const id of [...sessions, own]) t.ok(told.announced.includes(rightsOf(id)));
  t.ok(told.announced.includes(wholeOf(own)));
  t.notOk(
    sessions.some((id) => told.announced.includes(wholeOf(id))),
    'users stay logged in',
  );
});
