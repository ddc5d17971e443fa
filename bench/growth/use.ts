/** What users and operators do, with few users and with many, in turn: medians, and that no large table is read from end to end. */
import { setTimeout as wait } from 'node:timers/promises';
import { password } from '../../test/support/authority.ts';
import type { Say } from '../main.ts';
import { atMost, median, type Row } from '../measure.ts';
import { emailOf, type People } from './people.ts';

export const tries = 200;
const reach = 1.2;
/** PostgreSQL's processes count what they did once they have been idle for this long. */
const countedMilliseconds = 11_000;

/** One after the other, of one user. */
const steps = ['login', 'refresh', 'list sessions', '`revoke user`'] as const;
type Times = Record<(typeof steps)[number], number>;

export async function useRows(small: People, large: People, say: Say): Promise<readonly Row[]> {
  const times: { readonly small: Times; readonly large: Times }[] = [];
  const scansBefore = await scansOf(large);
  for (let turn = 0; turn < tries; turn += 1) {
    if (turn % 50 === 0) say(`${turn} of ${tries} users of each`);
    // What comes second finds the machine warmer.
    const first = turn % 2 === 0 ? await visit(small, turn) : undefined;
    const second = await visit(large, turn);
    times.push({ small: first ?? (await visit(small, turn)), large: second });
  }
  say(`waiting ${countedMilliseconds / 1000} s for the counts of PostgreSQL`);
  await wait(countedMilliseconds);
  const scans = await scansOf(large);
  const more = scans.map(({ name, count }, index) => ({
    name,
    count: count - (scansBefore[index]?.count ?? 0),
  }));
  const size = `${large.users.toLocaleString('en')} users`;
  return [
    ...steps.map((step): Row => {
      const [few, many] = [
        median(times.map((each) => each.small[step])),
        median(times.map((each) => each.large[step])),
      ];
      return {
        what: `${step}, ${size}, 10 sessions each`,
        yardstick: `${few.toFixed(2)} ms (${small.users.toLocaleString('en')} users)`,
        ours: `${many.toFixed(2)} ms`,
        ratio: (many / few).toFixed(2),
        reach: `≤ ${reach}`,
        verdict: atMost(many / few, reach),
      };
    }),
    {
      what: 'scans of the whole table meanwhile',
      yardstick: '0',
      ours: more.map(({ name, count }) => `${name} ${count}`).join(', '),
      ratio: '–',
      reach: '0',
      verdict: more.every(({ count }) => count === 0) ? 'reached' : 'not reached',
    },
  ];
}

export async function visit({ node, users }: Pick<People, 'node' | 'users'>, turn: number): Promise<Times> {
  const email = emailOf(1 + ((turn * 4_999) % users));
  const times: Partial<Times> = {};
  const timed = async <T>(step: keyof Times, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work();
    times[step] = performance.now() - began;
    return result;
  };
  const ask = async (...[method, path, options]: Parameters<typeof node.call>) => {
    const { status, body } = await node.call(method, path, options);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const login = await timed('login', () => ask('POST', '/auth/login', { body: { email, password } }));
  const { refresh_token } = login;
  const { access_token: token } = await timed('refresh', () =>
    ask('POST', '/auth/refresh', { body: { refresh_token } }),
  );
  const { sessions } = await timed('list sessions', () => ask('GET', '/auth/sessions', { token }));
  if (sessions.length < 2) throw new Error(`${email} has ${sessions.length} sessions`);
  const code = await timed('`revoke user`', () => node.command(['revoke', 'user', email]));
  if (code !== 0) throw new Error(`revoke user ended with ${code}`);
  return times as Times;
}

/** Of the tables that are large here. */
function scansOf({ query }: People) {
  return query<{ name: string; count: number }>(`
    SELECT relname AS name, seq_scan::int AS count FROM pg_stat_user_tables
     WHERE relname IN ('users', 'sessions') ORDER BY relname`);
}
