/** How PostgreSQL reads users and sessions for what users and operators do, as its own module auto_explain logs it. */
import { eventually } from '../../test/support/eventually.ts';
import type { Say } from '../main.ts';
import type { Row } from '../measure.ts';
import type { People } from './people.ts';
import { tries, visit } from './use.ts';

const large = ['users', 'sessions'];
/** A statement of each: login, refresh, list sessions, `revoke user`. */
const acts = [/INSERT INTO "public"."sessions"/, /SET generation/, /ORDER BY (s\.)?id DESC/, /end_reason =/];
/** The user after those whose times were measured. */
const turn = tries;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

export async function plansRow(small: People, many: People, say: Say): Promise<Row> {
  say('reading plans');
  const [few, all] = [await scansOf(small), await scansOf(many)];
  const whole = all.filter((scan) => scan.startsWith('Seq Scan'));
  return {
    what: `plans of login, refresh, list sessions and \`revoke user\`, ${many.users.toLocaleString('en')} users: how the two tables are read`,
    yardstick: `${few.join(', ')} (${small.users.toLocaleString('en')} users)`,
    ours: all.join(', '),
    ratio: '–',
    reach: 'by indexes',
    verdict:
      whole.length === 0 && large.every((table) => all.some((scan) => scan.includes(table)))
        ? 'reached'
        : 'not reached',
  };
}

/** Each once, in order. */
async function scansOf(people: People): Promise<readonly string[]> {
  const { node, cluster, query } = people;
  const { pathname } = new URL(cluster.postgres.url);
  const settings = {
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_format': 'json',
  };
  await query("LOAD 'auto_explain'");
  for (const [name, value] of Object.entries(settings))
    await query(`ALTER DATABASE ${pathname.slice(1)} SET ${name} = '${value}'`);
  // New connections have them.
  await node.drain();
  await node.start();
  const before = cluster.postgres.log().length;
  await visit(people, turn);
  // The log is written by another process, and comes later.
  const plans = await eventually('the plans are logged', () => {
    const found = plansIn(cluster.postgres.log().slice(before));
    return acts.every((act) => found.some(({ text }) => act.test(text))) ? found : undefined;
  });
  for (const name of Object.keys(settings)) await query(`ALTER DATABASE ${pathname.slice(1)} RESET ${name}`);
  return [...new Set(plans.flatMap(({ plan }) => scansIn(plan)))].sort();
}

/** Only whole entries: the next one, or another line, follows. */
function plansIn(log: string): readonly { readonly text: string; readonly plan: Plan }[] {
  const entries = [...log.matchAll(/ plan:\n((?:\t.*\n)+)(?=[^\t])/g)].map(([, json = '']) =>
    JSON.parse(json),
  );
  return entries.map((entry) => ({ text: entry['Query Text'], plan: entry.Plan }));
}

function scansIn(plan: Plan): readonly string[] {
  const { 'Node Type': type, 'Relation Name': relation = '', 'Index Name': index } = plan;
  const own = type.includes('Scan') && large.includes(relation);
  const below = (plan.Plans ?? []).flatMap(scansIn);
  return own ? [index === undefined ? `${type} of ${relation}` : `${type} by ${index}`, ...below] : below;
}
