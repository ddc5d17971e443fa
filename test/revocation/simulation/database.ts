/** PostgreSQL as far as the protocol sees it: transactions that commit out of order, and snapshots of what is visible. */

import { answerMark, timeOfMark } from '@countersign/verifier/revocation/issuedBefore';
import {
  type CommitMark,
  type Position,
  requireSameHistory,
} from '@countersign/verifier/revocation/position';
import type {
  Revocation,
  RevocationSnapshot,
  RevocationSnapshots,
  RevocationStore,
} from '@countersign/verifier/revocation/revocation';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import type { NodeRow, NodeStore } from '../../../src/revocation/propagation/liveNodes.ts';
import { callOver, type Link, type Machine, type World } from './world.ts';

interface Row {
  readonly revocation: Revocation;
  readonly xid: number;
}

interface Snapshot {
  readonly position: Position;
  readonly rows: readonly Row[];
}

export interface SimulatedDatabase {
  /** The ports as one machine has them, over its link. */
  ports(machine: Machine, link: Link): DatabasePorts;
  /** What is committed, for the test to look at. */
  committed(subject: Uint8Array): boolean;
  /**
   * It crashes and is back at once: what was open is rolled back, and ids whose end had not been written are used again.
   */
  crash(): void;
}

export interface DatabasePorts {
  readonly nodes: NodeStore;
  readonly snapshots: RevocationSnapshots;
  readonly store: Pick<RevocationStore, 'find' | 'prune'>;
  /** A transaction that records these, taking its time; others may begin and commit meanwhile. */
  revoke(revocations: readonly Revocation[]): Promise<CommitMark>;
}

const key = (subject: Uint8Array) => Buffer.from(subject).toString('hex');

/** `faults`: how this database breaks its promises, for tests of the tests. */
export interface DatabaseFaults {
  /** A list of nodes misses one now and then. */
  readonly forgetsNodes?: boolean;
  /** A snapshot claims to be later than its rows. */
  readonly staleRows?: boolean;
  /** A crash does not begin another history. */
  readonly hidesCrashes?: boolean;
}

export function createDatabase(world: World, faults: DatabaseFaults = {}): SimulatedDatabase {
  const rows = new Map<string, Row>();
  const nodes = new Map<string, NodeRow>();
  /** Id → the transaction that has it. */
  const open = new Map<number, object>();
  let crashes = 0;
  let nextXid = 100;
  let before: readonly Row[] = [];
  let locked = false;

  const history = () => `after ${faults.hidesCrashes ? 0 : crashes} crashes`;
  const current = (): Position => {
    const ids = [...open.keys()].sort((a, b) => a - b);
    return { history: history(), snapshot: `${Math.min(nextXid, ...ids)}:${nextXid}:${ids.join(',')}` };
  };

  const snapshot = (): Snapshot => {
    const now = [...rows.values()];
    const seen = faults.staleRows && world.oneIn(4) ? before : now;
    before = now;
    return { position: current(), rows: seen };
  };

  const list = () => {
    const all = [...nodes.values()];
    const told = faults.forgetsNodes ? all.filter(() => !world.oneIn(3)) : all;
    return { history: history(), nodes: told };
  };

  const commit = (xid: number, revocations: readonly Revocation[]) => {
    open.delete(xid);
    for (const revocation of revocations) rows.set(key(revocation.subject), { revocation, xid });
  };

  return {
    committed: (subject) => rows.has(key(subject)),

    crash() {
      crashes += 1;
      open.clear();
      nextXid = 1 + Math.max(99, ...[...rows.values()].map(({ xid }) => xid));
    },

    ports(machine, link) {
      const call = <T>(act: () => T) => callOver(world, machine, link, act);

      const reader = ({ position, rows: seen }: Snapshot): RevocationSnapshot => ({
        position,
        now: Date.UTC(2030, 0, 1) + world.now(),
        async readSince(previous, onPage) {
          requireSameHistory(previous, position);
          const [xmin = 0, xmax = 0, list = ''] = previous.snapshot
            .split(':')
            .map((part, index) => (index < 2 ? Number(part) : part)) as [number, number, string];
          const unseen = (xid: number) =>
            xid >= xmin && (xid >= xmax || list.split(',').includes(String(xid)));
          for (const { revocation } of seen.filter(({ xid }) => unseen(xid))) {
            // A page each, so that anything may happen in between.
            await call(() => {});
            await onPage([revocation]);
          }
        },
        findCanary: async () => undefined,
        countLive: (_now, sliceMs) => call(() => counts(seen, sliceMs)),
        async readLive(_now, onPage) {
          await call(() => {});
          await onPage(seen.map(({ revocation }) => revocation));
        },
      });

      return {
        nodes: {
          async register(node) {
            await call(() => nodes.set(node.id, { position: nodes.get(node.id)?.position, ...node }));
            return call(() => ({ ...list(), databaseNow: Date.UTC(2030, 0, 1) + world.now() }));
          },
          report: (id, position) =>
            call(() => {
              const node = nodes.get(id);
              if (node !== undefined) nodes.set(id, { ...node, position });
            }),
          list: () => call(list),
          remove: (id, renewal) =>
            call(() => {
              if (nodes.get(id)?.renewal === renewal) nodes.delete(id);
            }),
        },
        snapshots: {
          read: async (work) => work(reader(await call(snapshot))),
          async readAlone(_task, work) {
            if (locked) return undefined;
            locked = true;
            // The server ends the session of a machine that is gone.
            const cancel = world.at(world.now() + 3_000, () => {
              locked = false;
            });
            try {
              return await work(reader(await call(snapshot)));
            } finally {
              cancel();
              locked = false;
            }
          },
        },
        store: {
          find: (subjects) =>
            call(() => {
              const marks = marksOf([...rows.values()]);
              return subjects.flatMap(
                (subject) => rows.get(key(subject))?.revocation ?? answerMark(subject, marks) ?? [],
              );
            }),
          prune: async () => 0,
        },
        async revoke(revocations) {
          const transaction = {};
          const xid = await call(() => {
            const begun = nextXid;
            nextXid += 1;
            open.set(begun, transaction);
            const rollBack = () => void (open.get(begun) === transaction && open.delete(begun));
            // Unless its client is heard of again.
            world.at(world.now() + 3_000, rollBack);
            // Others come and are rolled back.
            if (world.oneIn(2)) nextXid += 3;
            return begun;
          });
          return call(() => {
            if (open.get(xid) !== transaction) throw new Error('rolled back');
            commit(xid, revocations);
            return { history: history(), transaction: String(xid) };
          });
        },
      };
    },
  };
}

function marksOf(rows: readonly Row[]): readonly Revocation[] {
  return rows.map(({ revocation }) => revocation).filter(({ subject }) => timeOfMark(subject) !== undefined);
}

function counts(rows: readonly Row[], sliceMs: number) {
  return rows.map(({ revocation: { subject, expiresAt } }) => ({
    ofSessions: subject.length === 16,
    endsAt: sliceEnd(expiresAt, sliceMs),
    entries: 1,
  }));
}
