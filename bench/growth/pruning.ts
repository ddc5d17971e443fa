/** Clean-up among many sessions: what one batch takes, and whether checks pause while a million rows go. */
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '@countersign/verifier/clock';
import { createDeleteOldSessions } from '../../src/sessions/deleteOldSessions.ts';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage } from '../../src/storage/postgres/storage.ts';
import { anId } from '../checkLoad.ts';
import type { Say } from '../main.ts';
import { atMost, median, type Row } from '../measure.ts';
import { addFinished, type People } from './people.ts';

const dayMs = 24 * 60 * 60_000;
/** SESSION_RETENTION is 30 days: the authority leaves the first ones alone, and deletes the others. */
const [ofOurs, ofTheAuthority] = [20, 40];
const batches = 20;
const rowsOfBatch = 1_000;
const reachRatio = 1.2;
const reachPauseMs = 50;
/** The authority looks once a minute, and deletes 1,000 sessions in a fifth of a second. */
const longestMs = 15 * 60_000;
const betweenChecksMs = 2;
const restMs = 20_000;

/** Beside the authority, whose own job would come at a moment of its own. */
export async function pruningRow(small: People, large: People): Promise<Row> {
  const times = { small: await openBatches(small), large: await openBatches(large) };
  const took: { small: number; large: number }[] = [];
  try {
    while (took.length < batches) {
      // What comes second finds the machine warmer.
      const first = took.length % 2 === 0 ? await times.small.time() : undefined;
      const large = await times.large.time();
      took.push({ small: first ?? (await times.small.time()), large });
    }
  } finally {
    await Promise.all([times.small.close(), times.large.close()]);
  }
  const [few, many] = [median(took.map((each) => each.small)), median(took.map((each) => each.large))];
  return {
    what: `deleting ${rowsOfBatch} sessions that ended long ago, ${large.users.toLocaleString('en')} users`,
    yardstick: `${few.toFixed(1)} ms (${small.users.toLocaleString('en')} users)`,
    ours: `${many.toFixed(1)} ms`,
    ratio: (many / few).toFixed(2),
    reach: `≤ ${reachRatio}`,
    verdict: atMost(many / few, reachRatio),
  };
}

async function openBatches(people: People) {
  await addFinished(people, batches * rowsOfBatch, ofOurs);
  await people.query('ANALYZE sessions');
  const engine = await openEngine('', people.cluster.postgres.url);
  const deleteOld = createDeleteOldSessions({
    database: createStorage(engine).database,
    retentionMs: (ofOurs / 2) * dayMs,
    earliestTime: systemClock.now,
  });
  return {
    async time() {
      const began = performance.now();
      const { sessions } = await deleteOld();
      if (sessions !== rowsOfBatch) throw new Error(`a batch deleted ${sessions} sessions`);
      return performance.now() - began;
    },
    close: engine.close,
  };
}

/** The authority deletes as it always does, while checks go on. */
export async function pauseRows(people: People, count: number, say: Say): Promise<readonly Row[]> {
  const rest = await longestCheck(people, say, async (began) => performance.now() - began > restMs);
  say(`adding ${count.toLocaleString('en')} old sessions and revocations`);
  await addFinished(people, count, ofTheAuthority);
  await addExpiredRevocations(people, count);
  await people.query('ANALYZE sessions, revocations');
  const before = performance.now();
  const busy = await longestCheck(people, say, async (began) => {
    if (performance.now() - began > longestMs) throw new Error('the authority does not delete');
    return !(await hasOldRows(people));
  });
  const seconds = (performance.now() - before) / 1_000;
  const rows = `${count.toLocaleString('en')} sessions and as many revocations`;
  return [
    {
      what: `the longest check while ${rows} are deleted`,
      yardstick: `${rest.toFixed(1)} ms (the longest in ${restMs / 1000} s of rest)`,
      ours: `${busy.toFixed(1)} ms in ${seconds.toFixed(0)} s`,
      ratio: (busy / rest).toFixed(1),
      reach: `≤ ${reachPauseMs} ms`,
      verdict: atMost(busy, reachPauseMs),
    },
  ];
}

/** Milliseconds of the longest of all checks until `isOver`, one after the other. */
async function longestCheck(
  { node }: People,
  say: Say,
  isOver: (began: number) => Promise<boolean>,
): Promise<number> {
  const began = performance.now();
  let longest = 0;
  let over = false;
  const look = async () => {
    for (let count = 0; !over; count += 1) {
      over = await isOver(began);
      if (count % 20 === 0) say(`checking, the longest took ${longest.toFixed(1)} ms`);
      if (!over) await wait(1_000);
    }
  };
  const check = async () => {
    while (!over) {
      const asked = performance.now();
      await node.grpc.isRevoked(anId());
      longest = Math.max(longest, performance.now() - asked);
      await wait(betweenChecksMs);
    }
  };
  try {
    await Promise.all([look(), check()]);
  } finally {
    over = true;
  }
  return longest;
}

/** As if nodes had read them long ago: their transaction is an early one. */
async function addExpiredRevocations({ query }: People, count: number): Promise<void> {
  await query(`
    INSERT INTO revocations (subject, reason, created_at, expires_at, xid)
    SELECT decode(md5('old' || i), 'hex'), 'logout', now() - interval '2 hours', now() - interval '1 hour', '3'::xid8
      FROM generate_series(1, ${count}) AS i`);
}

async function hasOldRows({ query }: People): Promise<boolean> {
  const [row] = await query<{ old: boolean }>(`
    SELECT EXISTS (SELECT 1 FROM sessions WHERE finished_on <= (now() - interval '31 days')::date)
        OR EXISTS (SELECT 1 FROM revocations WHERE expires_at < now() - interval '30 minutes') AS old`);
  return row?.old ?? true;
}
