/** A fault of Redis under load. All faults, those of PostgreSQL and of nodes too, each for longer, are in test/soak/faults.test.ts. */
import t from 'tap';
import { redisFaults } from './faults.ts';
import { testFaults } from './faultTests.ts';
import { flushIsRepaired } from './flush.ts';

const name = 'Redis fails over and loses the last writes';

t.test('faults', async (t) => {
  const cluster = await testFaults(t, { [name]: redisFaults[name] });
  await t.test('sets and saved memory are back after FLUSHALL', (t) => flushIsRepaired(t, cluster));
});
