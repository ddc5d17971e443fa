/** Three backups in a row under load: each has all that was answered before it, and starts. */
import t from 'tap';
import { backUpUnderLoad } from '../support/backups.ts';

t.setTimeout(400_000);

t.test('backups under load', (t) => {
  t.setTimeout(400_000);
  return backUpUnderLoad(t, ['one', 'two', 'three']);
});
