/**
 * Redis, PostgreSQL and the nodes themselves fail, under load: what was acknowledged is in effect, everywhere, at all times.
 * One fault of each kind; all of them, for longer, are in test/soak/faults.test.ts.
 */
import t from 'tap';
import { databaseFaults, everything, lyingFaults, nodeFaults, redisFaults } from './faults.ts';
import { testFaults } from './faultTests.ts';

const faults = {
  ...pick(
    redisFaults,
    'Redis is killed, and starts again empty',
    'Redis fails over and loses the last writes',
  ),
  ...lyingFaults,
  ...pick(databaseFaults, 'PostgreSQL crashes', 'a node is cut off from PostgreSQL, silently'),
  ...nodeFaults,
  'everything at once': everything,
};

function pick<T extends object, K extends keyof T>(all: T, ...names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, all[name]])) as Pick<T, K>;
}

t.test('faults', (t) => testFaults(t, faults));
