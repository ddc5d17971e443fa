/** A node that no edge watches. */
import type { Edges } from '../../src/revocation/subscribers/subscribers.ts';

export const noEdges: Pick<Edges, 'caughtUp' | 'leases'> = { caughtUp: () => undefined, leases: () => 0 };
