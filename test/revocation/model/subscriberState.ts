/** What the model of one node and one subscriber knows of the world: see subscriber.ts. */
import { lease, longAgo, margin } from './state.ts';

/** On the stream; a grant by its ticks. */
export type Message = 'snapshot' | 'revocation' | number;

export interface SubscriberState {
  /** Ticks since the time from which the lease of the node counts; `lease` or more: there is none. */
  readonly leaseSince: number;
  readonly renewal: { readonly since: number; readonly hasRead: boolean } | undefined;
  readonly nodeKnows: boolean;
  /** It has crashed or stopped. */
  readonly over: boolean;

  /** Ticks since the commit; undefined before. */
  readonly committed: number | undefined;
  /** The node has acknowledged, reported or removed its row. */
  readonly said: boolean;
  readonly acknowledged: boolean;

  /** For how many more ticks the node takes the subscriber to hold a lease. */
  readonly granted: number;
  /** For how many more ticks it waits for the subscriber; undefined before it was asked to. */
  readonly waits: number | undefined;
  /** There is something that a subscriber must acknowledge, and that it has. */
  readonly sent: boolean;
  readonly heard: boolean;

  readonly stream: 'none' | 'open' | 'lost';
  readonly messages: readonly Message[];
  /** What the snapshot has. */
  readonly snapshotKnows: boolean;
  readonly snapshotTaken: boolean;
  readonly acknowledgement: boolean;
  readonly leaving: boolean;

  /** Ticks since the subscriber noted its time and asked; undefined: it waits for no answer. */
  readonly asked: number | undefined;
  readonly askArrived: boolean;
  /** For how many more ticks the subscriber answers from memory. */
  readonly holds: number;
  readonly subscriberKnows: boolean;
  readonly left: boolean;
  /** A clock, of the node or of the subscriber, has missed a tick. */
  readonly slipped: boolean;
}

export const initialSubscriberState: SubscriberState = {
  ...{ leaseSince: lease, renewal: undefined, nodeKnows: false, over: false },
  ...{ committed: undefined, said: false, acknowledged: false },
  ...{ granted: 0, waits: undefined, sent: false, heard: false },
  ...{ stream: 'none', messages: [], snapshotKnows: false, snapshotTaken: false },
  ...{ acknowledgement: false, leaving: false, asked: undefined, askArrived: false },
  ...{ holds: 0, subscriberKnows: false, left: false, slipped: false },
};

/** A check is one step, so it is in the state: what the subscriber would answer there. */
export const subscriberInvariants = {
  I1: ({ acknowledged, holds, subscriberKnows }: SubscriberState) =>
    !acknowledged || holds === 0 || subscriberKnows,
  /** Nobody waits for a subscriber longer than its lease may last. */
  I3: ({ waits }: SubscriberState) => (waits ?? 0) <= lease + margin,
};

/** Equal for states from which the same can happen, as far as a promise can be broken. */
export function keyOfSubscriberState(state: SubscriberState): string {
  const grants = state.messages.some((message) => typeof message === 'number');
  const canGetLease = state.stream !== 'lost' || grants;
  // What a subscriber knows it keeps; without a lease, and no way to one, it says nothing.
  if (state.subscriberKnows || (state.holds === 0 && !canGetLease)) return 'settled';
  const { renewal, ...rest } = forgetful(state, grants);
  return Object.values({ ...rest, since: renewal?.since, hasRead: renewal?.hasRead })
    .map((value) => (typeof value === 'boolean' ? Number(value) : (value ?? '')))
    .join('|');
}

/** Without what makes no difference any more. */
function forgetful(state: SubscriberState, grants: boolean): SubscriberState {
  const { stream, said, acknowledged } = state;
  return {
    ...state,
    // Without a stream there is nothing to grant, nor to hear.
    ...(stream === 'lost'
      ? { leaseSince: lease, renewal: undefined, acknowledgement: false, leaving: false }
      : {}),
    ...(stream === 'lost' && !grants ? { asked: undefined, askArrived: false } : {}),
    // What was said was said.
    ...(said || acknowledged
      ? { granted: 0, waits: undefined, sent: false, heard: false, acknowledgement: false }
      : {}),
    ...(acknowledged ? { committed: longAgo, said: true, over: state.over || stream === 'lost' } : {}),
    ...(state.messages.includes('snapshot') || stream === 'none' ? {} : { snapshotKnows: false }),
  };
}
