/**
 * What the console's Revoke does, with a million sessions: the preview of 50,000 of them by each filter, and of all, the run with its
 * progress, and other logouts before and meanwhile. Prints the figures.
 */
import t from 'tap';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { newAdministrator } from '../support/administrator.ts';
import { startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';

const sessions = 1_000_000;
const selected = 50_000;
/** They are all over the table. */
const every = sessions / selected;
/** Rows that one statement writes. */
const atOnce = 50_000;
const logoutsBefore = 200;
t.setTimeout(300_000);

t.test('a million sessions, of which 50,000 are revoked', async (t) => {
  let engine: PostgresEngine | undefined;
  const authority = await startAuthority({
    async openDatabase(...how) {
      engine = await openEngine(...how);
      return engine;
    },
  });
  t.teardown(() => authority.stop());
  const { call } = authority;
  const admin = await newAdministrator(authority, 'admin@example.com');
  await authority.register('ada@example.com');
  await authority.register('bob@example.com');
  const model = await authority.login('ada@example.com');
  const oldest = await fill(engine as PostgresEngine, model.session_id);
  const post = (method: string, body: object) =>
    call('POST', `/api/${method}`, {
      ...{ token: admin.token, body },
      headers: { 'countersign-reason': 'Incident%201' },
    });
  const logOut = async (): Promise<number> => {
    const { refresh_token } = await authority.login('bob@example.com');
    const at = performance.now();
    t.equal((await call('POST', '/auth/logout', { body: { refresh_token } })).status, 204);
    return performance.now() - at;
  };

  const byClient = { client_id: 'stolen' };
  const filters = {
    client: byClient,
    time: oldest,
    address: { ip: '192.0.2.1' },
    'client and address': { ...byClient, ip: '192.0.2.1' },
    'nearly all of the sessions': { client_id: 'first-party' },
    'all of the sessions': { created_from_ms: '1' },
  };
  for (const [name, filter] of Object.entries(filters)) {
    const more = name.startsWith('nearly all') || name.startsWith('all');
    const matched_sessions = String(more ? sessionLimits.previewedSessions : selected);
    const previews: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const begun = performance.now();
      const { body } = await post('RevocationService/PreviewRevocation', { filter });
      previews.push(performance.now() - begun);
      t.match(body, { matched_sessions, more }, name);
    }
    const best = Math.min(...previews);
    t.comment(`preview by ${name}: ${previews.map((each) => each.toFixed(0)).join(', ')} ms`);
    t.ok(best <= 1_000, `${name}: ${best} ms`);
  }

  const before: number[] = [];
  while (before.length < logoutsBefore) before.push(await logOut());

  const begun = performance.now();
  const running = post('RevocationService/Revoke', { filter: byClient, request_id: 'incident-1' });
  let isDone = false;
  void running.finally(() => {
    isDone = true;
  });
  const progress = async () => post('RevocationService/GetRevocation', { request_id: 'incident-1' });
  await eventually('the request is known', async () => (await progress()).status === 200);
  const seen: number[] = [];
  const meanwhile: number[] = [];
  while (!isDone) {
    meanwhile.push(await logOut());
    seen.push(Number((await progress()).body.ended_sessions));
  }
  t.match(await running, { status: 200, body: { ended_sessions: String(selected) } });
  const seconds = (performance.now() - begun) / 1000;
  t.ok(
    seen.some((count) => count > 0 && count < selected),
    'progress is seen',
  );
  t.comment(`${selected} sessions in effect after ${seconds.toFixed(1)} s`);
  t.comment(`other logouts before: ${figures(before)}`);
  t.comment(`other logouts meanwhile: ${figures(meanwhile)}`);
  t.match((await progress()).body, { finished: true, ended_sessions: String(selected) });
  const { body } = await post('RevocationService/PreviewRevocation', { filter: byClient });
  t.equal(body.matched_sessions, '0', 'none is left');
});

function figures(milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((one, other) => one - other);
  const quantile = (part: number) => (sorted[Math.ceil(part * sorted.length) - 1] ?? 0).toFixed(0);
  return `${sorted.length}, p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`;
}

/** Copies of one session, a second apart, of which every 20th has another client and address. Returns the times of the oldest ones. */
async function fill({ prisma }: PostgresEngine, model: string) {
  const newest = Date.now();
  const ageOf = (n: number) => newest - n * 1000;
  for (let from = 1; from <= sessions; from += atOnce)
    await prisma.$executeRaw`
      INSERT INTO sessions (id, user_id, sealed_secret, token_version, client_id, scope, amr, auth_time, created_at, ip,
                            last_used_at, idle_expires_at, expires_at, access_expires_at)
      SELECT overlay(overlay(gen_random_uuid()::text PLACING '7' FROM 15) PLACING
                       regexp_replace(lpad(to_hex((${newest}::bigint - n * 1000)), 12, '0'), '^(.{8})', '\\1-') FROM 1)::uuid,
             s.user_id, s.sealed_secret, s.token_version,
             CASE WHEN n % ${every} = 0 THEN 'stolen' ELSE 'first-party' END, s.scope, s.amr, s.auth_time,
             to_timestamp((${newest}::bigint - n * 1000) / 1000.0),
             CASE WHEN n % ${every} = 0 THEN '192.0.2.1' ELSE '10.' || n % 200 || '.' || n % 100 || '.1' END,
             s.last_used_at, s.idle_expires_at, s.expires_at, s.access_expires_at
        FROM sessions AS s, generate_series(${from}::int, ${from + atOnce - 1}::int) AS n WHERE s.id = ${model}::uuid`;
  // As autovacuum does of itself, which the servers of tests do not have.
  await prisma.$executeRawUnsafe('ANALYZE sessions');
  return { created_from_ms: String(ageOf(sessions)), created_before_ms: String(ageOf(sessions - selected)) };
}
