/** A data folder that nothing was put into starts again and again, also after `kill -9`. */
import t from 'tap';
import { startsAgain } from '../support/puttingBack.ts';

t.setTimeout(900_000);

t.test('SIGKILL, SIGTERM, SIGKILL', (t) => {
  t.setTimeout(900_000);
  return startsAgain(t, ['SIGKILL', 'SIGTERM', 'SIGKILL']);
});
