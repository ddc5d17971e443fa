/** A fault of Redis, of PostgreSQL and of a node, under load. All faults, each for longer, are in test/soak/faults.test.ts. */
import t from 'tap';
import { databaseFaults, nodeFaults, redisFaults } from './faults.ts';
import { testFaults } from './faultTests.ts';
import { flushIsRepaired } from './flush.ts';

const faults = {
  ...pick(redisFaults, 'Redis fails over and loses the last writes'),
  ...pick(databaseFaults, 'PostgreSQL crashes'),
  ...pick(nodeFaults, 'a node is frozen for longer than its lease'),
};

function pick<T extends object, K extends keyof T>(all: T, ...names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, all[name]])) as Pick<T, K>;
}

t.test('faults', async (t) => {
  const cluster = await testFaults(t, faults);
  await t.test('sets and saved memory are back after FLUSHALL', (t) => flushIsRepaired(t, cluster));
});
