/** Two nodes on one PostgreSQL server are told to rotate at the same instant: one key each time. */
import { randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import { createKeepKeyRing } from '../../src/keys/keepKeyRing.ts';
import { createSealing } from '../../src/platform/sealing.ts';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage, migrateStorage } from '../../src/storage/postgres/storage.ts';
import { createKeyNode, operator, startOfKeys } from '../support/keyNode.ts';
import { createManualClock } from '../support/manualClock.ts';
import { createMigratedDatabase } from '../support/postgres.ts';
import { usualPolicy as policy } from '../support/signingKeys.ts';

/** Two nodes with connections of their own, each as it was at its start. */
async function openNodes(t: Test) {
  const database = await createMigratedDatabase();
  t.teardown(database.drop);
  const engines = [await openEngine('', database.url), await openEngine('', database.url)] as const;
  for (const engine of engines) t.teardown(engine.close);
  await migrateStorage(engines[0]);
  const sealing = createSealing(randomBytes(32));
  return { engines, sealing, databases: engines.map((engine) => createStorage(engine).database) };
}

/** The keys by state, and what has been told of them. */
async function look({ prisma }: PostgresEngine) {
  const [keys, events] = [await prisma.signingKey.findMany(), await prisma.auditEvent.findMany()];
  const kidsIn = (state: string) => keys.filter((key) => key.state === state).map(({ kid }) => kid);
  const told = (type: string) => events.filter((event) => event.type === type).length;
  return { keys: keys.length, active: kidsIn('active'), next: kidsIn('next'), told };
}

/** One more key than before; the next one signs; and there is a new next one. */
async function checkRound(t: Test, engine: PostgresEngine, before: Awaited<ReturnType<typeof look>>) {
  const after = await look(engine);
  const faults = [
    after.keys === before.keys + 1 ? [] : [`${after.keys - before.keys} keys were made`],
    after.active.join() === before.next.join() ? [] : ['another key signs'],
    after.next.length === 1 && after.next.join() !== before.next.join() ? [] : ['no new next key'],
    after.told('signing_key_created') === after.keys ? [] : ['not every key is in the audit trail'],
    after.told('signing_key_activated') === after.keys - 2 ? [] : ['not every rotation is'],
  ].flat();
  if (faults.length > 0) t.fail(faults.join(', '));
  return after;
}

export async function makesOneKeyEachTime(t: Test, rounds: number): Promise<void> {
  await t.test('by schedule', async (t) => {
    const { engines, sealing, databases } = await openNodes(t);
    let elapsed = 0;
    const clock = { monotonic: () => elapsed };
    const nodes = databases.map((database) => createKeepKeyRing({ database, sealing, policy, clock }));
    const keepAll = () => Promise.all(nodes.map((keep) => keep()));
    await keepAll();
    let before = await look(engines[0]);
    t.strictSame(
      [before.keys, before.active.length, before.next.length],
      [2, 1, 1],
      'two make one first set',
    );

    for (let round = 0; round < rounds; round += 1) {
      // An interval passes, for the clock of the server and for those of the nodes.
      elapsed += policy.rotationIntervalMs;
      await engines[0].prisma.$executeRaw`
      UPDATE signing_keys SET published_at = published_at - make_interval(secs => ${policy.rotationIntervalMs / 1000}),
                              activated_at = activated_at - make_interval(secs => ${policy.rotationIntervalMs / 1000}),
                              retiring_at = retiring_at - make_interval(secs => ${policy.rotationIntervalMs / 1000})`;
      const rings = await keepAll();
      before = await checkRound(t, engines[0], before);
      const signing = rings.map(({ keys }) => keys.find(({ state }) => state === 'active')?.kid);
      if (signing.some((kid) => kid !== before.active[0])) t.fail('a node has another ring');
      // What was made is seen before the next interval begins.
      await keepAll();
    }
    t.equal(before.keys, rounds + 2);
    t.equal(before.told('signing_key_retired'), rounds - 1, 'and each went in its time');
  });

  await t.test('by command', async (t) => {
    const { engines, sealing, databases } = await openNodes(t);
    const clock = createManualClock(startOfKeys);
    const nodes = databases.map((database) => createKeyNode({ database, clock, sealing, policy }));
    await Promise.all(nodes.map(({ ringKeeper }) => ringKeeper.start()));
    let before = await look(engines[0]);

    for (let round = 0; round < rounds; round += 1) {
      const answers = await Promise.all(nodes.map(({ rotateKey }) => rotateKey(operator)));
      const [next] = before.next;
      before = await checkRound(t, engines[0], before);
      const outcomes = answers.map(({ kid, rotated }) => `${kid} ${rotated}`).sort();
      if (outcomes.join() !== `${next} false,${next} true`) t.fail(outcomes.join());
      if (nodes.some(({ keyRing }) => keyRing.signer().kid !== next)) t.fail('a node signs with another key');
      // Caches have the next key, and the tokens of the one before have expired.
      await engines[0].prisma.$executeRaw`UPDATE signing_keys SET published_at = now() - interval '1 year'`;
      await engines[0].prisma.$executeRaw`
      UPDATE signing_keys SET state = 'retired', sealed_private_key = '' WHERE state = 'retiring'`;
    }
    t.equal(before.keys, rounds + 2);
    await engines[0].prisma.$executeRaw`UPDATE signing_keys SET published_at = now()`;
    const refused = await Promise.allSettled(nodes.map(({ rotateKey }) => rotateKey(operator)));
    t.match(refused, [
      { reason: { code: 'next_key_not_ready' } },
      { reason: { code: 'next_key_not_ready' } },
    ]);
    t.equal((await look(engines[0])).keys, rounds + 2, 'one that is not ready is refused to both');
    await Promise.all(nodes.map(({ ringKeeper }) => ringKeeper.stop()));
  });
}
