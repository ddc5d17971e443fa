/** When the sender looks, with the outbox of a real database and a clock that the test moves. Decoys are removed in place of being sent. */
import { randomBytes } from 'node:crypto';
import type { MessageId } from '@countersign/verifier/ids';
import t from 'tap';
import { notificationLimits } from '../../src/notifications/limits.ts';
import { createSending } from '../../src/notifications/send.ts';
import { newId } from '../../src/platform/newId.ts';
import { createLog } from '../../src/platform/observability/log.ts';
import { createMetrics } from '../../src/platform/observability/metrics.ts';
import { createSealing } from '../../src/platform/sealing.ts';
import { eventually } from '../support/eventually.ts';
import { createManualClock } from '../support/manualClock.ts';
import { openSharedDatabase } from '../support/sharedDatabase.ts';

const { delayMilliseconds: delay, delaySpreadMilliseconds: spread } = notificationLimits;

t.test('no message is sent before its answer has left, also when another one wakes the sender', async (t) => {
  const { outbox } = (await openSharedDatabase(t)).database;
  const clock = createManualClock(1_700_000_000_000);
  let random = 0;
  const never = async () => {
    throw new Error('there are only decoys');
  };
  const sending = createSending({
    ...{ outbox, sealing: createSealing(randomBytes(32)), channels: {}, clock, metrics: createMetrics() },
    ...{ log: createLog('fatal'), onGivenUp: never, onUndelivered: never, random: () => random },
    onFault: (_, error) => t.fail(String(error)),
  });
  const commit = async () => {
    const decoy = { channel: 'none', template: '', userId: undefined, createdAt: clock.now() } as const;
    await outbox.add({ id: newId<MessageId>(clock.now()), ...decoy, sealedMessage: randomBytes(16) });
    sending.wakeSoon();
  };
  const waiting = async () => (await outbox.waiting()).entries;
  /** Rounds that are under way end, and those that are due begin. */
  const becomes = (count: number) =>
    eventually(`${count} wait`, async () => {
      await clock.advance(0);
      return (await waiting()) === count;
    });
  sending.start({ send: never });
  await commit();
  await clock.advance(delay - 10);
  random = 1;
  await commit();
  t.equal(await waiting(), 2);
  await clock.advance(10);
  await becomes(1);
  // The end of a delivery wakes the sender at once.
  for (let looks = 0; looks < 20; looks += 1) {
    await clock.advance(0);
    t.equal(await waiting(), 1, 'the second is 10 ms old');
  }
  await clock.advance(delay + spread - 10);
  await becomes(0);
  await commit();
  await sending.stop();
  sending.wakeSoon();
  t.equal(clock.timers(), 0, 'a stop leaves no timer, and none comes after it');
  await clock.advance(delay + spread);
  t.equal(await waiting(), 1, 'what a stop leaves is for another node, or the next start');
});
