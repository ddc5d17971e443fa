/** How it stops through npm and the process group, under logins: ten times by each signal. */
import t from 'tap';
import { stopOften } from '../support/stopping.ts';

t.setTimeout(400_000);

t.test('one stop, however often it is said, and no login is lost', (t) => {
  t.setTimeout(400_000);
  return stopOften(t, 10);
});
