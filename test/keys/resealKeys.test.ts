/** Another KEY_ENCRYPTION_KEY: what was sealed with the one before is sealed again, in as many goes as it takes. */
import { randomBytes } from 'node:crypto';
import type { SessionId } from '@countersign/verifier/ids';
import t from 'tap';
import { createResealKeys } from '../../src/keys/resealKeys.ts';
import { openSigningKey } from '../../src/keys/signingKey.ts';
import { createTotpSecrets } from '../../src/login/factors/totp.ts';
import { createResealMessage } from '../../src/notifications/outbox.ts';
import { newId } from '../../src/platform/newId.ts';
import { createSealing, type Sealing, UnsealError } from '../../src/platform/sealing.ts';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { createRefreshTokens } from '../../src/sessions/refreshToken.ts';
import { createKeyNode, createKeyNodes, operator, startOfKeys } from '../support/keyNode.ts';
import type { MemorySession } from '../support/memoryDatabase.ts';

const [oldKey, newKey, strangersKey] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const before = createSealing(oldKey);
const after = createSealing(newKey, [oldKey]);
const alone = createSealing(newKey);
const none = { count: 0, first: undefined };

/** A ring of three keys, one dead, and a page and a bit of sessions, all sealed with the old key. */
async function setUp(count = sessionLimits.sessionsPageRows + 1) {
  const { clock, database } = createKeyNodes(0);
  const node = createKeyNode({ database, clock, sealing: before });
  await node.ringKeeper.start();
  await node.rotateKey(operator);
  const [retiring] = database.contents().keys;
  await node.revokeKey(retiring?.kid ?? '', operator);
  await node.ringKeeper.stop();
  const tokens = createRefreshTokens(before);
  const sessions = Array.from({ length: count }, () => {
    const id = newId<SessionId>(startOfKeys);
    return { id, sealedSecret: tokens.newSealedSecret(id), generation: 0 } as unknown as MemorySession;
  });
  database.put(sessions);
  const refreshTokens = (sealing: Sealing) => createRefreshTokens(sealing);
  const resealWith = (sealing: Sealing) =>
    createResealKeys({
      ...{ database, sealing, clock, refreshTokens: refreshTokens(sealing) },
      totpSecrets: createTotpSecrets(sealing),
      resealMessage: createResealMessage(sealing),
    })(operator);
  const live = () => database.contents().keys.filter(({ state }) => state !== 'revoked');
  const rows = () => [...database.contents().sessions.values()];
  return { clock, database, sessions, resealWith, live, rows };
}

const isSealedWith = ({ header }: Sealing, sealed: Uint8Array) =>
  Buffer.compare(sealed.subarray(0, header.length), header) === 0;

t.test('everything is sealed with the key of now, and is what it was', async (t) => {
  const { database, sessions, resealWith, live, rows } = await setUp();
  const keys = live();
  const derived = sessions.map((session) => createRefreshTokens(before).derive(session, 3));
  t.strictSame(await resealWith(after), {
    signingKeys: 2,
    totpSecrets: 0,
    messages: 0,
    sessions: sessions.length,
    unreadable: none,
  });

  t.ok(live().every(({ sealedPrivateKey }) => isSealedWith(after, sealedPrivateKey)));
  t.ok(rows().every(({ sealedSecret }) => isSealedWith(after, sealedSecret)));
  for (const [index, key] of live().entries()) {
    const [opened, was] = [openSigningKey(key, alone), openSigningKey(keys[index] as typeof key, before)];
    t.ok(opened.privateKey.equals(was.privateKey), 'the same private key, without the old one');
    t.strictSame({ ...key, sealedPrivateKey: 0 }, { ...keys[index], sealedPrivateKey: 0 });
  }
  t.strictSame(
    rows().map((session) => createRefreshTokens(alone).derive(session, 3)),
    derived,
    'and the same refresh tokens',
  );
  const dead = database.contents().keys.filter(({ state }) => state === 'revoked');
  t.match(dead, [{ sealedPrivateKey: new Uint8Array() }], 'a dead key has nothing to seal');
  t.match(
    database
      .contents()
      .events.filter(({ type }) => type === 'keys_resealed')
      .map(({ reason }) => reason),
    ['signing_keys:2', `sessions:${sessionLimits.sessionsPageRows}`, 'sessions:1'],
    'each transaction says what it did',
  );
});

t.test('doing it again does nothing', async (t) => {
  const { resealWith, database } = await setUp(3);
  await resealWith(after);
  const done = database.contents();
  t.strictSame(await resealWith(after), {
    signingKeys: 0,
    totpSecrets: 0,
    messages: 0,
    sessions: 0,
    unreadable: none,
  });
  t.strictSame({ ...database.contents(), events: 0 }, { ...done, events: 0 }, 'not one byte');
});

t.test('what was half done is finished', async (t) => {
  const { resealWith, database, sessions, rows } = await setUp();
  const { transaction } = database;
  let transactions = 0;
  database.transaction = (work) => {
    transactions += 1;
    // The ring, and the first page of sessions.
    if (transactions > 2) database.fault = new Error('on purpose');
    return transaction(work);
  };
  await t.rejects(resealWith(after), { message: 'on purpose' });
  database.transaction = transaction;
  database.fault = undefined;
  t.equal(
    rows().filter(({ sealedSecret }) => isSealedWith(after, sealedSecret)).length,
    sessionLimits.sessionsPageRows,
  );
  t.strictSame(await resealWith(after), {
    signingKeys: 0,
    totpSecrets: 0,
    messages: 0,
    sessions: sessions.length - sessionLimits.sessionsPageRows,
    unreadable: none,
  });
});

t.test('a number of sessions that fills its pages exactly', async (t) => {
  const { resealWith } = await setUp(sessionLimits.sessionsPageRows);
  t.strictSame(await resealWith(after), {
    signingKeys: 2,
    totpSecrets: 0,
    messages: 0,
    sessions: sessionLimits.sessionsPageRows,
    unreadable: none,
  });
});

t.test('a key of the ring that no key opens stops it', async (t) => {
  const { resealWith, database } = await setUp(3);
  const untouched = database.contents();
  await t.rejects(resealWith(createSealing(newKey, [strangersKey])), UnsealError);
  t.strictSame(database.contents(), untouched);
});

t.test('a session that no key opens is left as it is, counted, and keeps no other from it', async (t) => {
  const { resealWith, database, sessions, rows } = await setUp(3);
  const stranger = sessions[1] as MemorySession;
  const sealedSecret = createRefreshTokens(createSealing(strangersKey)).newSealedSecret(stranger.id);
  database.put([{ ...stranger, sealedSecret }]);
  const unreadable = { count: 1, first: stranger.id };
  t.strictSame(await resealWith(after), {
    signingKeys: 2,
    totpSecrets: 0,
    messages: 0,
    sessions: 2,
    unreadable,
  });
  t.strictSame(database.contents().sessions.get(stranger.id)?.sealedSecret, sealedSecret);
  t.equal(rows().filter((row) => isSealedWith(after, row.sealedSecret)).length, 2);
  t.strictSame(
    await resealWith(after),
    { signingKeys: 0, totpSecrets: 0, messages: 0, sessions: 0, unreadable },
    'and again',
  );
});

t.test(
  'a node that runs on goes on, and one that starts with both keys reads what either sealed',
  async (t) => {
    const { clock, database, resealWith } = await setUp(0);
    const running = createKeyNode({ database, clock, sealing: before });
    const starting = createKeyNode({ database, clock, sealing: after });
    await running.ringKeeper.start();
    await starting.ringKeeper.start();
    const { kid } = running.keyRing.signer();
    await resealWith(after);
    for (const { ringKeeper, keyRing } of [
      running,
      starting,
      createKeyNode({ database, clock, sealing: alone }),
    ]) {
      await ringKeeper.reload();
      t.equal(keyRing.signer().kid, kid);
      await ringKeeper.stop();
    }
  },
);
