/** Two nodes rotate at the same instant, two hundred times by schedule and by command. */
import t from 'tap';
import { makesOneKeyEachTime } from '../keys/keyRingNodes.ts';

t.setTimeout(900_000);

t.test('two hundred rotations', (t) => {
  t.setTimeout(900_000);
  return makesOneKeyEachTime(t, 200);
});
