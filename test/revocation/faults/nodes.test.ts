/** PostgreSQL and the nodes themselves fail, under load: what was acknowledged is in effect, everywhere, at all times. */
import t from 'tap';
import { databaseFaults, everything, nodeFaults } from './faults.ts';
import { testFaults } from './faultTests.ts';

const faults = { ...databaseFaults, ...nodeFaults, 'everything at once': everything };

t.test('faults of PostgreSQL and of nodes', (t) => testFaults(t, faults));
