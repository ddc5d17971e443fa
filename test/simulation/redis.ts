/** Redis as far as the protocol sees it: a bus that loses, delays and doubles, and a copy that may be flushed or set back. */

import { limits } from '../../src/core/limits.ts';
import { bloomGeometry, hashId } from '../../src/revocation/bloomFilter.ts';
import type { Acknowledgement, Announcement, Bus, BusListener, NodeId } from '../../src/revocation/bus.ts';
import type { Position } from '../../src/revocation/position.ts';
import type { Projection } from '../../src/revocation/projection.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';
import { sliceEnd } from '../../src/revocation/slicedFilter.ts';
import { callOver, type Link, type Machine, type World } from './world.ts';

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
  /** Kind and end → what is in its bitmap. */
  readonly slices: ReadonlyMap<string, readonly Uint8Array[]>;
}

const nothing: Held = { stamp: '', position: undefined, stampedAt: 0, members: new Set(), slices: new Map() };

export interface SimulatedRedis {
  openBus(self: NodeId, machine: Machine, link: Link): (listener: BusListener) => Bus;
  copy(machine: Machine, link: Link): Projection;
  flush(): void;
  /** The last writes are gone, as after a failover to a replica that lagged. */
  setBack(): void;
  /** How often a node has read its memory from the copy. */
  loads(): number;
}

export function createRedis(world: World, sliceMs: number): SimulatedRedis {
  const listening = new Map<NodeId, Listening>();
  const versions: Held[] = [nothing];
  let loads = 0;
  let stamps = 0;

  const held = () => versions.at(-1) ?? nothing;
  const write = (next: Held) => {
    versions.push(next);
    if (versions.length > 20) versions.shift();
  };

  /** Each copy of a message takes its own way, and its own time. */
  const deliver = (to: NodeId, hear: (listener: BusListener) => void) => {
    const copies = world.oneIn(10) ? 0 : world.oneIn(10) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const late = world.oneIn(20) ? world.between(0, 4_000) : world.between(0, 5);
      world.at(world.now() + late, () => {
        const node = listening.get(to);
        if (node !== undefined && !node.link.cut()) node.machine.run(() => hear(node.listener));
      });
    }
  };

  const add = (to: Held, revocations: readonly Revocation[], always: boolean): Held => {
    const members = new Set(to.members);
    const slices = new Map(to.slices);
    for (const { subject, expiresAt } of revocations) {
      const slice = `${subject.length === 16}:${sliceEnd(expiresAt, sliceMs)}`;
      const member = `${slice}:${Buffer.from(subject).toString('hex')}`;
      if (members.has(member) && !always) continue;
      members.add(member);
      slices.set(slice, [...(slices.get(slice) ?? []), subject]);
    }
    return { ...to, members, slices };
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
          callOver(world, machine, link, () => {
            for (const id of listening.keys()) {
              if (id !== self) deliver(id, ({ onAnnouncement }) => onAnnouncement(announcement));
            }
          }),
        acknowledge(acknowledgement: Acknowledgement) {
          if (link.cut()) return;
          deliver(acknowledgement.to, ({ onAcknowledgement }) => onAcknowledgement(acknowledgement));
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
        add: (revocations) => call(() => write(add(held(), revocations, false))),
        contains: (candidates) =>
          call(() =>
            candidates.map(({ subject, slices }) =>
              slices.some(({ ofSessions, endsAt }) =>
                held().members.has(`${ofSessions}:${endsAt}:${Buffer.from(subject).toString('hex')}`),
              ),
            ),
          ),
        load: (history) =>
          call(() => {
            const { position, slices } = held();
            if (position?.history !== history) return undefined;
            loads += 1;
            return {
              position,
              slices: [...slices].map(([slice, subjects]) => ({
                ofSessions: slice.startsWith('true'),
                endsAt: Number(slice.split(':')[1]),
                layers: [layerOf(subjects)],
              })),
            };
          }),
        age: () => call(() => (held().position === undefined ? undefined : world.now() - held().stampedAt)),
        stamped: (history) => call(() => stamped(history)),
        advance: (stamp, revocations, to) =>
          call(() => {
            if (held().stamp !== stamp) return undefined;
            const added = add(held(), revocations, stamp.startsWith('rebuilding'));
            write(
              to === undefined
                ? added
                : { ...added, position: to, stampedAt: world.now(), stamp: fresh('stamp') },
            );
            return held().stamp;
          }),
        beginRebuild: () =>
          call(() => {
            write({ ...held(), slices: new Map(), position: undefined, stamp: fresh('rebuilding') });
            return held().stamp;
          }),
      };
    },

    flush: () => write(nothing),
    setBack() {
      const back = 1 + Math.floor(world.between(0, 6));
      write(versions.at(-1 - back) ?? nothing);
    },
    loads: () => loads,
  };
}

function layerOf(subjects: readonly Uint8Array[]) {
  const capacity = Math.max(64, subjects.length);
  const { bits, probes } = bloomGeometry(capacity, limits.bloomFalsePositives);
  const bytes = new Uint8Array(bits / 8);
  for (const subject of subjects) {
    const { first, second } = hashId(subject);
    let hash = first;
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = Math.floor(((hash >>> 0) * bits) / 2 ** 32);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
      hash = (hash + second) | 0;
    }
  }
  return { capacity, entries: subjects.length, bytes };
}
