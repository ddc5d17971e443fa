/**
 * Reports the position this node has read to the database, for nodes that could not reach it or did not hear its acknowledgement.
 * Subscribers answer from memory too, so it reports only positions they know. The lease does not wait for them.
 */
import type { Position } from '@countersign/verifier/revocation/position';
import { coalesce } from '../../platform/queues/coalesce.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import type { NodeId } from './bus.ts';
import type { NodeStore } from './liveNodes.ts';

export interface RenewalReports {
  /** Makes the next renewal report. */
  becomeDue(): void;
  /** Reports this renewal's position if a report is due. */
  report(read: Position, renewal: number): Promise<void>;
  stop(): void;
}

export function createRenewalReports(parts: {
  readonly self: NodeId;
  readonly nodes: Pick<NodeStore, 'report'>;
  readonly subscribers: Pick<Subscribers, 'caughtUp'>;
  /** The history of the database in memory. */
  readonly history: () => string | undefined;
  readonly onFault: (error: unknown) => void;
}): RenewalReports {
  const { self, nodes, subscribers, history, onFault } = parts;
  /** The last position that subscribers know, and the renewal that read it. */
  let known: { readonly read: Position; readonly renewal: number } | undefined;
  let due = false;
  let stopped = false;

  /** One at a time, so that no report overtakes a later one. */
  const send = coalesce(async () => {
    // A position of another history would be wrong.
    if (stopped || known === undefined || known.read.history !== history()) return;
    await nodes.report(self, known.read);
  });

  const tell = async (read: Position, renewal: number) => {
    // A later report covers this one.
    if (known !== undefined && known.renewal > renewal) return;
    known = { read, renewal };
    try {
      await send();
    } catch (error) {
      due = true;
      throw error;
    }
  };

  return {
    becomeDue() {
      due = true;
    },
    async report(read, renewal) {
      if (!due) return;
      due = false;
      const subscribersKnow = subscribers.caughtUp();
      if (subscribersKnow === undefined) return tell(read, renewal);
      void subscribersKnow.then(() => tell(read, renewal)).catch(onFault);
    },
    stop() {
      stopped = true;
    },
  };
}
