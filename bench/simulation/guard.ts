/** The guard's own modules on a simulated machine: its stream to a node is a line that takes its time and keeps the order. */
import type { Clock } from '@countersign/verifier/clock';
import type { WatchRevocationsRequest } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsRequest';
import type { WatchRevocationsResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsResponse';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import { createLatestTime } from '@countersign/verifier/steadyTime';
import { createConversation } from '../../packages/guard/src/conversation.ts';
import type { FeedMessage } from '../../src/revocation/subscribers/feed.ts';
import { subscriberLimits } from '../../src/revocation/subscribers/limits.ts';
import type { SubscriberStream } from '../../src/revocation/subscribers/subscriber.ts';
import type { Subscribers } from '../../src/revocation/subscribers/subscribers.ts';
import type { World } from '../../test/revocation/simulation/world.ts';

export interface SimulatedGuard {
  /** From memory: false where it would accept a token of this session. */
  refuses(subject: Uint8Array): boolean;
  leased(): boolean;
}

/** The processor of a node: one message after the other. */
export interface Core {
  /** When this message is done, if it comes now. */
  take(): number;
}

export function openGuard(parts: {
  readonly world: World;
  readonly clock: Clock;
  readonly node: Pick<Subscribers, 'open'>;
  readonly core: Core;
  readonly sliceMs: number;
  /** Milliseconds of one way. */
  readonly delay: () => number;
}): SimulatedGuard {
  const { world, clock, node, core, sliceMs, delay } = parts;
  let stream: SubscriberStream | undefined;
  const broken = (why: unknown) => {
    throw new Error(`a stream of the simulation ended: ${why}`);
  };
  const toNode = createLine(world, delay);
  const toGuard = createLine(world, delay);
  const conversation = createConversation(
    {
      clock,
      confirm: () => Promise.reject(new Error('asks')),
      importKeys: () => broken('keys'),
      audience: 'countersign',
      issuer: undefined,
      maximumRevocations: 1_000_000,
      latestTime: createLatestTime(clock, () => {}),
    },
    {
      events: {
        onLease() {},
        onWithoutLease: () => broken('no lease'),
        onReconnect: () => broken('reconnect'),
      },
      write(message) {
        toNode(world.now(), () => world.at(core.take(), () => hear(message)));
        return true;
      },
      onStarted() {},
      lose: broken,
      guarded: (work) => work(),
    },
  );
  const hear = ({ renew, acknowledge }: WatchRevocationsRequest) => {
    if (renew) stream?.renew(Number(renew.number));
    if (acknowledge) stream?.acknowledge(Number(acknowledge.position));
  };
  const send = (message: object) =>
    toGuard(core.take(), () => conversation.take(message as WatchRevocationsResponse__Output));
  const serve = async () => {
    stream = await node.open(() => undefined, 'guards');
    send(started(sliceMs, stream.snapshotEntries));
    for (let message = await stream.next(); message !== undefined; message = await stream.next())
      for (const response of responsesOf(message)) send(response);
    broken(stream.ended());
  };
  // Thrown where the world's time passes, so that whoever waits for it hears.
  const fail = (error: unknown) =>
    void world.at(world.now(), () => {
      throw error;
    });
  toNode(world.now(), () => void serve().catch(fail));

  return {
    leased: () => conversation.mirror()?.holdsLease() === true,
    refuses(subject) {
      const verdict = conversation.mirror()?.denyList.check([subject]);
      if (!(verdict instanceof Promise)) return verdict?.revoked !== false;
      verdict.catch(() => {});
      return true;
    },
  };
}

/** Messages of one direction arrive in their order. */
function createLine(world: World, delay: () => number) {
  let last = 0;
  return (sentAt: number, act: () => void) => {
    last = Math.max(last, sentAt + delay());
    world.at(last, act);
  };
}

function started(sliceMs: number, entries: number): object {
  return {
    message: 'started',
    started: {
      ...{ nodeId: 'simulated', issuer: 'https://auth.example', sliceMs, entries },
      renewalIntervalMs: subscriberLimits.subscriberRenewalMilliseconds,
      silenceMs: subscriberLimits.subscriberStreamSilenceMilliseconds,
    },
  };
}

/** As proto-loader reads what subscribers/watchStream.ts writes. */
function responsesOf(message: FeedMessage): readonly object[] {
  switch (message.kind) {
    case 'slice':
      return sliceResponses(message.slice);
    case 'revocations': {
      const { position, committed } = message;
      const entries = message.revocations.map(({ subject, expiresAt, reason }) => ({
        ...{ subject, expireTimeMs: expiresAt, reason, unconfirmed: !committed },
      }));
      return [{ message: 'revocations', revocations: { position, entries } }];
    }
    case 'snapshot_end':
      return [{ message: 'snapshotEnd', snapshotEnd: { position: message.position } }];
    case 'lease':
      return [{ message: 'lease', lease: { number: message.number, leaseMs: message.leaseMs } }];
    default:
      throw new Error(`the simulation does not expect ${message.kind}`);
  }
}

/** Of few revocations: their bytes fit into one message. */
function sliceResponses({ ofSessions, endsAt, layers }: ProjectedSlice): readonly object[] {
  return layers.flatMap(({ capacity, entries, bytes }) => [
    { message: 'filterStart', filterStart: { ofSessions, sliceEndMs: endsAt, capacity, entries } },
    { message: 'filterBytes', filterBytes: { bytes: Buffer.from(bytes) } },
  ]);
}
