/**
 * What nodes share, in memory: revocations with the transactions that committed them, and the rows of the nodes. Each step
 * is noted, and can be made to fail, to hang or to be watched.
 */

import { covers, requireSameHistory } from '@countersign/verifier/revocation/position';
import type {
  CommittedRevocations,
  OnPage,
  Revocation,
  RevocationSnapshot,
  RevocationSnapshots,
  RevocationStore,
} from '@countersign/verifier/revocation/revocation';
import type { NodeRow, NodeStore } from '../../src/revocation/propagation/liveNodes.ts';
import { countSlices } from './denyListNode.ts';
import { history, upTo } from './nodes.ts';

export type Step = 'register' | 'list' | 'report' | 'remove' | 'read' | 'readSince' | 'readLive' | 'page';

export interface SharedTruth {
  /** Of the database, from now on. */
  history: string;
  /** The clock of the database. */
  now: () => number;
  /** How many revocations come in one page. */
  pageRows: number;
  /** What was called, in order. */
  readonly steps: string[];
  /** The step → what it meets instead of an answer. */
  readonly faults: Map<Step, Error | 'hangs'>;
  /** The step → what happens when it is called, before it does anything. */
  readonly before: Map<Step, () => unknown>;
  readonly rows: Map<string, NodeRow>;
  commit(...revocations: readonly Revocation[]): CommittedRevocations;
  readonly nodes: NodeStore;
  readonly snapshots: RevocationSnapshots;
  readonly store: Pick<RevocationStore, 'find'>;
  /** Another node is at every sole task. */
  taken: boolean;
}

export function createSharedTruth(now: () => number): SharedTruth {
  const committed: { readonly row: Revocation; readonly transaction: string }[] = [];
  let next = 700;

  const step = async (name: Step, words = '') => {
    truth.steps.push(`${name} ${words}`.trim());
    await truth.before.get(name)?.();
    const fault = truth.faults.get(name);
    if (fault === 'hangs') await new Promise<never>(() => {});
    if (fault instanceof Error) throw fault;
  };

  const pages = async (rows: readonly Revocation[], onPage: OnPage) => {
    for (let start = 0; start < rows.length; start += truth.pageRows) {
      await step('page', `${Math.min(truth.pageRows, rows.length - start)}`);
      await onPage(rows.slice(start, start + truth.pageRows));
    }
  };

  const snapshot = (): RevocationSnapshot => {
    const position = upTo(next, truth.history);
    const visible = [...committed];
    return {
      position,
      now: truth.now(),
      async readSince(previous, onPage) {
        await step('readSince', previous.snapshot);
        requireSameHistory(previous, position);
        const news = visible.filter(({ transaction }) => !covers(previous.snapshot, transaction));
        await pages(
          news.map(({ row }) => row),
          onPage,
        );
      },
      findCanary: async () => undefined,
      async countLive(at, sliceMs) {
        const live = visible.filter(({ row }) => row.expiresAt > at);
        return countSlices(
          live.map(({ row }) => row),
          sliceMs,
        );
      },
      async readLive(at, onPage) {
        await step('readLive');
        const live = visible.filter(({ row }) => row.expiresAt > at);
        await pages(
          live.map(({ row }) => row),
          onPage,
        );
      },
    };
  };

  const list = () => ({ history: truth.history, nodes: [...truth.rows.values()] });

  const truth: SharedTruth = {
    history,
    now,
    pageRows: 10_000,
    steps: [],
    faults: new Map(),
    before: new Map(),
    rows: new Map(),
    taken: false,
    commit(...revocations) {
      const transaction = String(next);
      next += 1;
      committed.push(...revocations.map((row) => ({ row, transaction })));
      return { revocations, mark: { history: truth.history, transaction } };
    },
    nodes: {
      async register(node) {
        await step('register', `${node.id} ${node.renewal}`);
        truth.rows.set(node.id, { ...node, position: truth.rows.get(node.id)?.position });
        return { ...list(), databaseNow: truth.now() };
      },
      async report(id, position) {
        await step('report', `${id} ${position.snapshot}`);
        const row = truth.rows.get(id);
        if (row !== undefined) truth.rows.set(id, { ...row, position });
      },
      async list() {
        await step('list');
        return list();
      },
      async remove(id, renewal) {
        await step('remove', `${id} ${renewal}`);
        if (truth.rows.get(id)?.renewal === renewal) truth.rows.delete(id);
      },
    },
    snapshots: {
      async read(work) {
        await step('read');
        return work(snapshot());
      },
      async readAlone(_task, work) {
        await step('read');
        return truth.taken ? undefined : work(snapshot());
      },
    },
    store: {
      async find(subjects) {
        const isAsked = (subject: Uint8Array) =>
          subjects.some((asked) => Buffer.compare(asked, subject) === 0);
        return committed.map(({ row }) => row).filter(({ subject }) => isAsked(subject));
      },
    },
  };
  return truth;
}
