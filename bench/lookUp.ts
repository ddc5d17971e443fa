/** A look-up of a session from Redis, with its hits, beside the same one from PostgreSQL; both on servers of their own. */
import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock } from '@countersign/verifier/clock';
import type { SessionId } from '@countersign/verifier/ids';
import { createSealing } from '../src/platform/sealing.ts';
import {
  createLookUpSession,
  type LookUpOutcome,
  type SessionEntries,
} from '../src/sessions/lookUp/lookUpSession.ts';
import { openEngine } from '../src/storage/postgres/engine.ts';
import { createStorage, migrateStorage } from '../src/storage/postgres/storage.ts';
import { openRedis } from '../src/storage/redis/connection.ts';
import { createKeys } from '../src/storage/redis/keys.ts';
import { createSessionEntries } from '../src/storage/redis/sessionEntries.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { startRedis } from '../test/support/redis.ts';
import { newSession, newUser } from '../test/support/rows.ts';
import { addressOf } from '../test/support/sharedCopy.ts';
import { filledDenyList } from './denyList.ts';
import { durable } from './durable.ts';
import { atLeast, pairedRates, perSecond, type Row, rate } from './measure.ts';

const sessions = 1_000;
const load = { concurrency: 32, milliseconds: 2_000 };

export async function lookUpRows(): Promise<readonly Row[]> {
  const [postgres, redisServer] = [await startPostgres(durable), await startRedis()];
  const engine = await openEngine('', postgres.url);
  const redis = await openRedis({ address: addressOf(redisServer.url), clock: systemClock });
  try {
    await migrateStorage(engine);
    const storage = createStorage(engine);
    const user = await newUser(storage);
    const ids: SessionId[] = [];
    for (let made = 0; made < sessions; made += 1)
      ids.push(await newSession(storage, user, systemClock.now()));
    const denyList = await filledDenyList(100_000);
    const outcomes: Partial<Record<LookUpOutcome, number>> = {};
    const createLookUp = (sessionEntries: SessionEntries | undefined) =>
      createLookUpSession({
        ...{ database: storage.database, sessionEntries, denyList, clock: systemClock },
        ...{ holdsLease: () => true, latestTime: systemClock.now },
        onOutcome: (outcome) => {
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        },
      });
    const keys = createKeys(randomUUID());
    const entries = createSessionEntries({ redis, keys, sealing: createSealing(randomBytes(32)) });
    const measured = (lookUp: ReturnType<typeof createLookUp>, cost: number[]) => async () => {
      const before = process.cpuUsage();
      const perSecondDone = await rate(
        () => lookUp(ids[Math.floor(Math.random() * sessions)] as SessionId),
        load,
      );
      const { user: own, system } = process.cpuUsage(before);
      cost.push((own + system) / (perSecondDone * (load.milliseconds / 1_000)));
      return perSecondDone;
    };
    const [costOfDatabase, cost]: [number[], number[]] = [[], []];
    const { yardstick, ours, ratio } = await pairedRates(
      measured(createLookUp(undefined), costOfDatabase),
      measured(createLookUp(entries), cost),
      3,
    );
    const asked = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
    const hits = ((outcomes.hit ?? 0) / asked) * 100;
    const micro = (costs: readonly number[]) => `${Math.round(costs.at(-1) ?? 0)} µs of our CPU each`;
    return [
      {
        what: `look-up of one of ${sessions.toLocaleString('en')} sessions, ${hits.toFixed(1)} % hits`,
        yardstick: `${perSecond(yardstick)}, ${micro(costOfDatabase)} (PostgreSQL)`,
        ours: `${perSecond(ours)}, ${micro(cost)}`,
        ratio: ratio.toFixed(2),
        reach: '≥ 2',
        verdict: atLeast(ratio, 2),
      },
    ];
  } finally {
    redis.close();
    await engine.close();
    await Promise.all([postgres.stop(), redisServer.stop()]);
  }
}
