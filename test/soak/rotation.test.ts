/** Ten rotations in a minute on three nodes, under load. */
import t from 'tap';
import { rotatesUnderLoad } from '../keys/rotationUnderLoad.ts';

t.setTimeout(900_000);

t.test('ten rotations', (t) => {
  t.setTimeout(900_000);
  return rotatesUnderLoad(t, 10);
});
