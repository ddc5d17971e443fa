/** Listing sessions: a page of 50 of a user who has, or had, 20,000 beside one of a user with two. */
import { systemClock } from '@countersign/verifier/clock';
import type { UserId } from '@countersign/verifier/ids';
import { newId } from '../src/platform/newId.ts';
import { createListSessions } from '../src/sessions/listSessions.ts';
import { openEngine, type PostgresEngine } from '../src/storage/postgres/engine.ts';
import { createStorage, migrateStorage } from '../src/storage/postgres/storage.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { durable } from './durable.ts';
import { atMost, median, type Row } from './measure.ts';

const many = 20_000;
const rounds = 500;

export async function sessionRows(): Promise<readonly Row[]> {
  const postgres = await startPostgres(durable);
  const engine = await openEngine('', postgres.url);
  try {
    await migrateStorage(engine);
    const [two, live, ended] = [
      await aUser(engine, 2, 0),
      await aUser(engine, many, 0),
      await aUser(engine, 2, many),
    ];
    await engine.prisma.$executeRawUnsafe('ANALYZE sessions');
    const list = createListSessions({ ...createStorage(engine), clock: systemClock });
    const time = async (user: UserId) => {
      const start = performance.now();
      await list(user, { size: 50 });
      return performance.now() - start;
    };
    const times: [number, number, number][] = [];
    for (let round = -50; round < rounds; round += 1) {
      const taken: [number, number, number] = [await time(two), await time(live), await time(ended)];
      if (round >= 0) times.push(taken);
    }
    const yardstick = median(times.map(([first]) => first));
    const row = (what: string, ours: number): Row => ({
      what,
      yardstick: `${yardstick.toFixed(2)} ms (a user with 2)`,
      ours: `${ours.toFixed(2)} ms`,
      ratio: (ours / yardstick).toFixed(2),
      reach: '≤ 3',
      verdict: atMost(ours / yardstick, 3),
    });
    return [
      row('page of 50 of 20,000 sessions', median(times.map(([, second]) => second))),
      row('page of 2 sessions, 20,000 have ended', median(times.map(([, , third]) => third))),
    ];
  } finally {
    await engine.close();
    await postgres.stop();
  }
}

async function aUser({ prisma }: PostgresEngine, live: number, ended: number): Promise<UserId> {
  const id = newId<UserId>(systemClock.now());
  await prisma.$executeRaw`
    INSERT INTO users (id, email, password_hash, created_at, password_changed_at)
    VALUES (${id}::uuid, ${id}, 'x', now(), now())`;
  // In the order of their ids, as they are made.
  await prisma.$executeRaw`
    INSERT INTO sessions (id, user_id, sealed_secret, token_version, client_id, scope, amr, auth_time, device_name, user_agent,
                          created_at, last_used_at, idle_expires_at, expires_at, access_expires_at, ended_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, ${id}::uuid, decode(repeat('00', 60), 'hex'), 0, 'first-party', 'account', '{pwd}', now(),
           'Laptop', repeat('agent ', 20), now(), now(), now() + interval '9 days', now() + interval '9 days', now(),
           CASE WHEN n % ${live + ended}::int < ${live}::int THEN NULL ELSE now() END
      FROM generate_series(1 + (SELECT count(*) FROM sessions), ${live + ended}::int + (SELECT count(*) FROM sessions)) AS n`;
  return id;
}
