/** Redis fails in every way, under load: what was acknowledged is in effect, everywhere, at all times. */
import t from 'tap';
import { lyingFaults, redisFaults } from './faults.ts';
import { testFaults } from './faultTests.ts';

t.test('faults of Redis', (t) => testFaults(t, { ...redisFaults, ...lyingFaults }));
