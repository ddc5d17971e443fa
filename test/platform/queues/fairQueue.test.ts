/** Who is served when more come than there is room for. */
import t from 'tap';
import { createFairQueue } from '../../../src/platform/queues/fairQueue.ts';
import { createManualClock } from '../../support/manualClock.ts';

function setUp(waiting: number, atOnce = 1) {
  const turns = createFairQueue({ atOnce, waiting, reason: 'full' });
  const clock = createManualClock(0);
  const begun: string[] = [];
  const refused: string[] = [];
  const ends: ((how: { fail: boolean }) => void)[] = [];
  const come = (name: string, first = false) => {
    const work = () => {
      begun.push(name);
      return new Promise<void>((resolve, reject) =>
        ends.push(({ fail }) => (fail ? reject(new Error('on purpose')) : resolve())),
      );
    };
    turns.run({ place: name.slice(0, 1), first }, work).catch(({ code, reason, retryAfterSeconds }) => {
      if (code !== undefined) refused.push(`${name} ${code} ${reason} ${retryAfterSeconds}`);
    });
  };
  /** Ends what was begun, one after the other, and answers all that has begun. */
  const finish = async (fail = false) => {
    await clock.settle();
    for (let index = 0; index < ends.length; index += 1) {
      ends[index]?.({ fail });
      await clock.settle();
    }
    return begun.join(' ');
  };
  return { turns, come, finish, refused };
}

t.test('places take turns, each in the order of coming', async (t) => {
  for (const fail of [false, true]) {
    const { turns, come, finish } = setUp(10);
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) come(name);
    t.equal(turns.waiting(), 6);
    t.equal(await finish(fail), 'a1 a2 b1 c1 a3 b2 a4', 'whatever becomes of them');
    t.equal(turns.waiting(), 0);
    come('d1');
    t.match(await finish(fail), / d1$/, 'and there is room again');
  }
});

t.test('whoever has waited for too long is refused, and takes no turn', async (t) => {
  const clock = createManualClock(0);
  const patience = { clock, milliseconds: 5_000 };
  const turns = createFairQueue({ atOnce: 1, waiting: 10, reason: 'full', patience });
  let end = () => {};
  const busy = turns.run({ place: 'a', first: false }, () => new Promise<void>((resolve) => (end = resolve)));
  const waits = ['b', 'b', 'c'].map((place) =>
    turns
      .run({ place, first: place === 'c' }, async () => place)
      .catch(({ code, reason }) => `${code} ${reason}`),
  );
  await clock.advance(4_999);
  t.equal(turns.waiting(), 3);
  await clock.advance(1);
  t.strictSame(await Promise.all(waits), ['overloaded full', 'overloaded full', 'overloaded full']);
  t.equal(turns.waiting(), 0);
  const late = turns.run({ place: 'd', first: false }, async () => 'served');
  end();
  t.equal(await late, 'served');
  await clock.advance(10_000);
  await busy;
});

t.test('so many at once', async (t) => {
  const { turns, come, finish } = setUp(10, 2);
  for (const name of ['a1', 'a2', 'a3']) come(name);
  t.equal(turns.waiting(), 1);
  t.equal(await finish(), 'a1 a2 a3');
});

t.test('who is first does not wait for the others, and they get on too', async (t) => {
  const { come, finish } = setUp(10);
  for (const name of ['a0', 'a1', 'a2', 'b1', 'c1']) come(name);
  for (const name of ['v1', 'v2', 'w1', 'w2', 'x1']) come(name, true);
  t.equal(await finish(), 'a0 v1 w1 x1 a1 v2 w2 b1 c1 a2');
});

t.test('without room the place with the most gives way, and each line has a room of its own', async (t) => {
  const { come, finish, refused } = setUp(3);
  for (const name of ['a0', 'a1', 'a2', 'a3', 'a4']) come(name);
  come('b1');
  // Now there are two and one.
  come('b2');
  come('c1');
  come('d1');
  for (const name of ['v1', 'v2']) come(name, true);
  t.equal(await finish(), 'a0 v1 v2 a1 b1 c1');
  t.strictSame(
    refused,
    ['a4', 'a3', 'b2', 'a2', 'd1'].map((name) => `${name} overloaded full 1`),
  );
});
