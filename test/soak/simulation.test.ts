/** Two thousand simulated disasters: no run violates the invariants. */
import t from 'tap';
import { noRunViolates } from '../revocation/simulation/noViolation.ts';

t.setTimeout(900_000);

t.test('2,000 seeds', (t) => {
  t.setTimeout(900_000);
  return noRunViolates(t, 2_000);
});
