/**
 * Redis as far as the protocol sees it: a bus that loses, delays and doubles, a copy that may be flushed or set back, and
 * memory that was saved. Somebody who can write to it, but has no key, puts back what nodes said and saved before.
 */

import type { Position } from '@countersign/verifier/revocation/position';
import type { Projection } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import type {
  Acknowledgement,
  Announcement,
  Bus,
  BusListener,
  NodeId,
} from '../../../src/revocation/propagation/bus.ts';
import type {
  MemoryContents,
  MemoryHead,
  SavedMemory,
} from '../../../src/revocation/propagation/savedMemory.ts';
import { callOver, type Dice, type Link, type Machine, type World } from './world.ts';

interface Listening {
  readonly machine: Machine;
  readonly link: Link;
  readonly listener: BusListener;
}

/** All that the copy holds; a new one for each write, so that a failover can go back to an earlier one. */
interface Held {
  readonly stamp: string;
  readonly position: Position | undefined;
  readonly stampedAt: number;
  /** `kind:end:id` of every member of a set. */
  readonly members: ReadonlySet<string>;
  readonly memory: Memory | undefined;
}

type Memory = MemoryHead & MemoryContents;

const nothing: Held = {
  stamp: '',
  position: undefined,
  stampedAt: 0,
  members: new Set(),
  memory: undefined,
};

export interface SimulatedRedis {
  openBus(self: NodeId, machine: Machine, link: Link): (listener: BusListener) => Bus;
  copy(machine: Machine, link: Link): Projection;
  saved(machine: Machine, link: Link): SavedMemory;
  flush(): void;
  /** The last writes are gone, as after a failover to a replica that lagged. */
  setBack(): void;
  /** Memory that was saved before is put in the place of the last. */
  replayMemory(dice: Dice): void;
  /** Messages that were sent before are sent again. */
  replayMessages(dice: Dice): void;
  /** How often a node has read its memory from what was saved. */
  loads(): number;
}

/** After how many milliseconds each copy of a message reaches this node; none: it is lost. */
export type Delivery = (to: NodeId) => readonly number[];

/** Some messages are lost, some come twice, some late. */
const careless =
  (world: World): Delivery =>
  () => {
    const copies = world.oneIn(10) ? 0 : world.oneIn(10) ? 2 : 1;
    const late = () => (world.oneIn(20) ? world.between(0, 4_000) : world.between(0, 5));
    return Array.from({ length: copies }, late);
  };

export function createRedis(
  world: World,
  sliceMs: number,
  delivery: Delivery = careless(world),
): SimulatedRedis {
  const listening = new Map<NodeId, Listening>();
  const versions: Held[] = [nothing];
  const memories: Memory[] = [];
  const said: (() => void)[] = [];
  let loads = 0;
  let stamps = 0;

  const held = () => versions.at(-1) ?? nothing;
  const write = (next: Held) => {
    versions.push(next);
    if (versions.length > 20) versions.shift();
  };

  const deliver = (to: NodeId, hear: (listener: BusListener) => void) => {
    for (const late of delivery(to)) {
      world.at(world.now() + late, () => {
        const node = listening.get(to);
        if (node !== undefined && !node.link.cut()) node.machine.run(() => hear(node.listener));
      });
    }
  };

  /** For good, too: whoever listens in can send it again. */
  const send = (message: () => void) => {
    said.push(message);
    message();
  };

  const add = (to: Held, revocations: readonly Revocation[]): Held => {
    const members = new Set(to.members);
    for (const { subject, expiresAt } of revocations) {
      const slice = `${subject.length === 16}:${sliceEnd(expiresAt, sliceMs)}`;
      members.add(`${slice}:${Buffer.from(subject).toString('hex')}`);
    }
    return { ...to, members };
  };

  const fresh = (kind: string) => {
    stamps += 1;
    return `${kind}${stamps}`;
  };

  return {
    openBus: (self, machine, link) => (listener) => {
      listening.set(self, { machine, link, listener });
      return {
        announce: (announcement: Announcement) =>
          callOver(world, machine, link, () =>
            send(() => {
              for (const id of listening.keys()) {
                if (id !== self) deliver(id, ({ onAnnouncement }) => onAnnouncement(announcement));
              }
            }),
          ),
        acknowledge(acknowledgement: Acknowledgement) {
          if (link.cut()) return;
          send(() =>
            deliver(acknowledgement.to, ({ onAcknowledgement }) => onAcknowledgement(acknowledgement)),
          );
        },
      };
    },

    copy(machine, link) {
      const call = <T>(act: () => T) => callOver(world, machine, link, act);
      const stamped = (history: string) => {
        const { stamp, position } = held();
        return position?.history === history ? { stamp, position } : undefined;
      };
      return {
        add: (revocations) => call(() => write(add(held(), revocations))),
        contains: (candidates) =>
          call(() =>
            candidates.map(({ subject, slices }) =>
              slices.some(({ ofSessions, endsAt }) =>
                held().members.has(`${ofSessions}:${endsAt}:${Buffer.from(subject).toString('hex')}`),
              ),
            ),
          ),
        age: () => call(() => (held().position === undefined ? undefined : world.now() - held().stampedAt)),
        stamped: (history) => call(() => stamped(history)),
        advance: (stamp, revocations, to) =>
          call(() => {
            if (held().stamp !== stamp) return undefined;
            const added = add(held(), revocations);
            write(
              to === undefined
                ? added
                : { ...added, position: to, stampedAt: world.now(), stamp: fresh('stamp') },
            );
            return held().stamp;
          }),
        beginRebuild: () =>
          call(() => {
            write({ ...held(), position: undefined, stamp: fresh('rebuilding') });
            return held().stamp;
          }),
      };
    },

    saved(machine, link) {
      const call = <T>(act: () => T) => callOver(world, machine, link, act);
      return {
        latest: () =>
          call(() => {
            const { memory } = held();
            if (memory === undefined) return undefined;
            const { id, savedAt, position, ...contents } = memory;
            const read = () => {
              loads += 1;
              return contents;
            };
            return { id, savedAt, position, read: () => call(read) };
          }),
        async save(memory) {
          const slices = memory.slices.map((slice) => ({
            ...slice,
            layers: slice.layers.map((layer) => ({ ...layer, bytes: Buffer.from(layer.bytes) })),
          }));
          const made = { ...memory, id: fresh('memory'), slices };
          await call(() => {
            memories.push(made);
            write({ ...held(), memory: made });
          });
          return made.id;
        },
      };
    },

    flush: () => write(nothing),
    replayMemory: (dice) => write({ ...held(), memory: dice.pick(memories) }),
    replayMessages(dice) {
      for (let count = 0; count < 20; count += 1) dice.pick(said)?.();
    },
    setBack() {
      const back = 1 + Math.floor(world.between(0, 6));
      write(versions.at(-1 - back) ?? nothing);
    },
    loads: () => loads,
  };
}
