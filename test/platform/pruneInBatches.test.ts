/** Deleting in batches. */
import t from 'tap';
import { platformLimits } from '../../src/platform/limits.ts';
import { pruneInBatches } from '../../src/platform/pruneInBatches.ts';

t.test('pruning goes on until a batch is not full', async (t) => {
  for (const [rows, statements] of [
    [0, 1],
    [1, 1],
    [platformLimits.pruneRows, 2],
    [2 * platformLimits.pruneRows + 1, 3],
  ] as const) {
    let left: number = rows;
    let asked = 0;
    const prune = async (limit: number) => {
      asked += 1;
      const deleted = Math.min(limit, left);
      left -= deleted;
      return deleted;
    };
    t.strictSame([await pruneInBatches(prune), left, asked], [rows, 0, statements], `${rows} rows`);
  }
});
