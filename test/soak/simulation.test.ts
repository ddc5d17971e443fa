/** Two thousand simulated disasters: no run violates the invariants. What is broken on purpose is seen, too, where that takes many seeds. */
import t from 'tap';
import { noRunViolates, witnessSees } from '../revocation/simulation/noViolation.ts';
import { seenLate } from '../revocation/simulation/sabotages.ts';

t.setTimeout(900_000);

t.test('2,000 seeds', (t) => {
  t.setTimeout(900_000);
  return noRunViolates(t, 2_000);
});

for (const [name, sabotage] of seenLate)
  t.test(`the witness sees it when ${name}`, (t) => witnessSees(t, sabotage));
