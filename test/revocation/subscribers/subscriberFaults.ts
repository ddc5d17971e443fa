/** What happens to subscribers and to nodes in the middle of a run. */
import { eventually } from '../../support/eventually.ts';
import { machineTime } from '../../support/machineTime.ts';
import type { SubscriberFault } from './subscriberRun.ts';

/** Longer than any run. */
const patienceMilliseconds = 600_000;

/** There is work before and after each. */
export const subscriberFaults = (frozenMilliseconds: number): Record<string, SubscriberFault> => ({
  nothing: async () => {},
  async 'some subscribers are frozen'({ subscribers, shareDone }) {
    await reached(0.25, shareDone);
    subscribers[0]?.freeze();
    const frozenAt = machineTime();
    const isOver = () => machineTime() - frozenAt >= frozenMilliseconds;
    await eventually('they were frozen long enough', isOver, patienceMilliseconds);
    subscribers[0]?.thaw();
  },
  async 'some subscribers are killed'({ subscribers, shareDone }) {
    await reached(0.25, shareDone);
    await subscribers[0]?.kill();
  },
  async 'a node is killed'({ cluster: { nodes }, shareDone }) {
    await reached(0.25, shareDone);
    await nodes[1]?.kill();
    await reached(0.5, shareDone);
    await nodes[1]?.start();
  },
  async 'a node is drained'({ cluster: { nodes }, shareDone }) {
    await reached(0.25, shareDone);
    await nodes[2]?.drain();
    await reached(0.5, shareDone);
    await nodes[2]?.start();
  },
});

async function reached(share: number, shareDone: () => number): Promise<void> {
  await eventually(`${share} of the logouts are answered`, () => shareDone() >= share, patienceMilliseconds);
}
