/** What happens to edges and to nodes in the middle of a run. */
import { eventually } from '../../support/eventually.ts';
import { machineTime } from '../../support/machineTime.ts';
import type { EdgeFault } from './edgeRun.ts';

/** Longer than any run. */
const patienceMilliseconds = 600_000;

/** There is work before and after each. */
export const edgeFaults = (frozenMilliseconds: number): Record<string, EdgeFault> => ({
  nothing: async () => {},
  async 'some edges are frozen'({ edges, shareDone }) {
    await reached(0.25, shareDone);
    edges[0]?.freeze();
    const frozenAt = machineTime();
    const isOver = () => machineTime() - frozenAt >= frozenMilliseconds;
    await eventually('they were frozen long enough', isOver, patienceMilliseconds);
    edges[0]?.thaw();
  },
  async 'some edges are killed'({ edges, shareDone }) {
    await reached(0.25, shareDone);
    await edges[0]?.kill();
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
