/** A refresh, without its HTTP, beside the same SELECT and UPDATE by the bare driver on the same server. */
import pg from 'pg';
import { createRefresh } from '../src/sessions/refresh.ts';
import { createRefusalMemory } from '../src/sessions/refusalMemory.ts';
import { openEngine } from '../src/storage/postgres/engine.ts';
import { createStorage, migrateStorage } from '../src/storage/postgres/storage.ts';
import { ignoringContext } from '../test/support/aSession.ts';
import { createOperationParts, newOpenSession } from '../test/support/operationParts.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { minute, newUser } from '../test/support/rows.ts';
import { median, type Row } from './measure.ts';

const rounds = 1_000;

const select = `SELECT s.*, u.token_version AS version, u.disabled_at FROM sessions AS s JOIN users AS u ON u.id = s.user_id
                 WHERE s.id = $1`;
const update = `UPDATE sessions AS s
    SET generation = generation + 1, rotated_at = $2, grace_repeats = 0, last_used_at = $2, idle_expires_at = $3,
        access_expires_at = GREATEST(access_expires_at, $3), user_agent = $4, ip = $5
  WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND s.idle_expires_at > $2 AND EXISTS (
        SELECT 1 FROM users AS u WHERE u.id = s.user_id AND u.token_version = s.token_version AND u.disabled_at IS NULL)`;

export async function refreshRows(): Promise<readonly Row[]> {
  const postgres = await startPostgres();
  const engine = await openEngine('', postgres.url);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    await migrateStorage(engine);
    const storage = createStorage(engine);
    const parts = await createOperationParts(storage);
    const user = await newUser(storage);
    const [session, bare] = [
      await newOpenSession(storage, parts, user),
      await newOpenSession(storage, parts, user),
    ];
    const policy = { refreshGraceMs: 10_000, replayEnds: 'session', contextPolicy: ignoringContext } as const;
    const refusals = createRefusalMemory();
    const unheard = { onContextChange: () => {}, onTheft: () => {} };
    const refresh = createRefresh({ ...parts, ...policy, refusals, ...unheard });

    let token = session.token();
    const ours = async () => {
      token = (await refresh({ refreshToken: token }, { name: 'user', userAgent: 'agent', ip: '127.0.0.1' }))
        .refreshToken;
    };
    const yardstick = async () => {
      await client.query(select, [bare.id]);
      const at = new Date(parts.clock.now());
      await client.query(update, [bare.id, at, new Date(at.getTime() + 30 * minute), 'agent', '127.0.0.1']);
    };
    const time = async (work: () => Promise<void>) => {
      const start = performance.now();
      await work();
      return performance.now() - start;
    };
    const times: [number, number][] = [];
    for (let round = -100; round < rounds; round += 1) {
      const taken: [number, number] = [await time(yardstick), await time(ours)];
      if (round >= 0) times.push(taken);
    }
    const [alone, whole] = [median(times.map(([first]) => first)), median(times.map(([, second]) => second))];
    return [
      {
        what: 'refresh',
        yardstick: `${alone.toFixed(2)} ms (SELECT and UPDATE by pg)`,
        ours: `${whole.toFixed(2)} ms`,
        ratio: (alone / whole).toFixed(2),
        reach: '≥ 0.5',
      },
    ];
  } finally {
    await client.end();
    await engine.close();
    await postgres.stop();
  }
}
