/** What nodes and subscribers may rely on, broken, one at a time. */
import type { Sabotage } from './sabotage.ts';

type Named = readonly [name: string, sabotage: Sabotage];

/** In one of the first seeds. Without subscribers where they would only hide it behind others. */
export const seenSoon: readonly Named[] = [
  ['the clocks of one node run at half speed', { slowClock: true, subscribers: 0 }],
  ['acknowledgements are forged', { forgedAcknowledgements: true, subscribers: 0 }],
  ['a list of nodes misses some', { forgetsNodes: true, subscribers: 0 }],
  ['a snapshot is older than it says', { staleRows: true, subscribers: 0 }],
  ['a node acknowledges without its subscribers', { acknowledgesAlone: true, subscribers: 3 }],
  ['a node reports without its subscribers', { reportsAlone: true, subscribers: 3 }],
  ['grants are longer than the lease of the node', { longGrants: true, subscribers: 3 }],
  ['a grant overtakes revocations', { grantsOvertake: true, subscribers: 3 }],
  ['a node that stops removes its row whatever its subscribers hold', { removesRow: true, subscribers: 3 }],
];

/** Only after dozens of seeds, which takes seconds. */
export const seenLate: readonly Named[] = [
  ['ids of transactions are used again in one history', { hidesCrashes: true, subscribers: 0 }],
  ['a subscriber counts its lease from when it arrives', { leaseFromArrival: true, subscribers: 3 }],
];
