import { covers, requireSameHistory } from '@countersign/verifier/revocation/position';
import { bigInt, assert as check, property, uniqueArray } from 'fast-check';
import t from 'tap';
import { upTo } from '../support/nodes.ts';

t.test('a snapshot covers the transactions that were over', (t) => {
  const table: readonly (readonly [string, string, string, boolean])[] = [
    ['long over', '100:110:', '3', true],
    ['the last below the oldest open one', '100:110:100,105', '99', true],
    ['the oldest open one', '100:110:100,105', '100', false],
    ['over, between two open ones', '100:110:100,105', '104', true],
    ['an open one', '100:110:100,105', '105', false],
    ['the last that had begun, over', '100:110:100,105', '109', true],
    ['the first that had not begun', '100:110:100,105', '110', false],
    ['much later', '100:110:', '4000', false],
    ['a part of an open one', '100:110:105', '10', true],
    ['an open one that begins alike', '1:2000:105,1050', '5', true],
    ['nothing was open', '100:100:', '100', false],
    ['more than 2^53, over', '9007199254740993:9007199254740995:9007199254740993', '9007199254740994', true],
    ['more than 2^53, open', '9007199254740993:9007199254740995:9007199254740993', '9007199254740993', false],
    ['fewer digits, but a smaller number', '1000:1000:', '999', true],
    ['more digits, and a larger number', '999:999:', '1000', false],
  ];
  for (const [what, snapshot, transaction, covered] of table) {
    t.equal(covers(snapshot, transaction), covered, what);
  }
  t.end();
});

t.test('a position follows on another one of its history that is not beyond it', (t) => {
  for (const [what, earlier, later, follows] of [
    ['the same', upTo(700), upTo(700), true],
    ['a later one', upTo(999), upTo(1_000), true],
    ['one before it', upTo(701), upTo(700), false],
    ['one of another history', upTo(700), upTo(701, 'history two'), false],
  ] as const) {
    const require = () => requireSameHistory(earlier, later);
    if (follows) t.doesNotThrow(require, what);
    else t.throws(require, { name: 'HistoryError' }, what);
  }
  t.end();
});

t.test('it agrees with the definition, whatever is open', (t) => {
  const ids = bigInt({ min: 3n, max: 60n });
  const agrees = property(uniqueArray(ids), ids, ids, (open, next, transaction) => {
    const sorted = [...open].sort((one, other) => Number(one - other));
    const xmax = [next, (sorted.at(-1) ?? 0n) + 1n].reduce((one, two) => (one > two ? one : two));
    const xmin = sorted[0] ?? xmax;
    const isOver = transaction < xmax && !open.some((id) => id === transaction);
    return covers(`${xmin}:${xmax}:${open.join(',')}`, `${transaction}`) === isOver;
  });
  t.doesNotThrow(() => check(agrees, { numRuns: 5_000 }));
  t.end();
});

t.test('what is no snapshot is refused', (t) => {
  const garbage = ['', ':', '::', '1:2', '1:2:3,', '1:2:,3', '1:2:3 ', '-1:2:', '1:2:3:4', 'a:b:', '1:2:3\n'];
  for (const text of garbage) t.throws(() => covers(text, '1'), RangeError, JSON.stringify(text));
  t.throws(() => covers('1:2:', 'x'), 'nor is a transaction anything but a number');
  t.end();
});
