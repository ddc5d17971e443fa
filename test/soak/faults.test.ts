/** Every fault, each for several leases: what was acknowledged is in effect, everywhere, at all times. */
import t from 'tap';
import { faults } from '../revocation/faults/faults.ts';
import { testFaults } from '../revocation/faults/faultTests.ts';

const activeMilliseconds = 6_000;
t.setTimeout(900_000);

t.test('faults', (t) => {
  t.setTimeout(900_000);
  return testFaults(t, faults, activeMilliseconds);
});
