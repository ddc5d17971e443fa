/** What happens to edges and to nodes in the middle of a run. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EdgeFault } from './edgeRun.ts';

/** Each happens after `milliseconds`, so that there is work before and after. */
export const edgeFaults = (milliseconds: number, frozenMilliseconds: number): Record<string, EdgeFault> => ({
  nothing: async () => {},
  async 'some edges are frozen'({ edges }) {
    await pause(milliseconds);
    edges[0]?.freeze();
    await pause(frozenMilliseconds);
    edges[0]?.thaw();
  },
  async 'some edges are killed'({ edges }) {
    await pause(milliseconds);
    await edges[0]?.kill();
  },
  async 'a node is killed'({ cluster: { nodes } }) {
    await pause(milliseconds);
    await nodes[1]?.kill();
    await pause(milliseconds);
    await nodes[1]?.start();
  },
  async 'a node is drained'({ cluster: { nodes } }) {
    await pause(milliseconds);
    await nodes[2]?.drain();
    await pause(milliseconds);
    await nodes[2]?.start();
  },
});
