/**
 * One node and one subscriber, in the same manner as the node and the writer in protocol.ts, and apart from it: what the others may
 * rely on is what that model has shown of a node, so here a revocation that its node said nothing of is
 * acknowledged when every lease that began before the commit is over, and not before.
 *
 * One stream is enough. What came on another one is another copy under another lease, of which the node knows in the same way.
 */

import type { Action } from './mutants.ts';
import { lease, longAgo, margin } from './state.ts';
import type { Message, SubscriberState } from './subscriberState.ts';

/** Ways to build it wrong. */
export type SubscriberMutant =
  | 'a node says that it knows when its subscriber may not'
  | 'a node waits for nobody whose stream is lost'
  | 'a node that stops removes its row whatever its subscriber holds'
  | 'a load counts as known to those who knew everything before'
  | 'a grant is as long as a whole lease'
  | 'a grant is ahead of what its node knows'
  | 'a grant without a margin'
  | 'a subscriber counts its lease from when it arrives'
  | 'a subscriber acknowledges before it knows'
  | 'a subscriber takes a grant after it has left'
  | 'a revocation is sent after the lease is taken';

type Step = (state: SubscriberState) => SubscriberState | undefined;

/** A step that can be taken only where this holds. */
function when(
  holds: (state: SubscriberState) => boolean,
  step: (state: SubscriberState) => SubscriberState,
): Step {
  return (state) => (holds(state) ? step(state) : undefined);
}

/** What the node knows it sends at once; who is not connected is to have it all the same. */
function learn(state: SubscriberState): SubscriberState {
  if (state.nodeKnows) return state;
  const messages: readonly Message[] =
    state.stream === 'open' ? [...state.messages, 'revocation'] : state.messages;
  return { ...state, nodeKnows: true, sent: true, messages };
}

export function subscriberActions(mutant?: SubscriberMutant): readonly Action<SubscriberState>[] {
  const named = (name: string, step: Step): Action<SubscriberState> => ({ name, step });
  return [
    ...timeSteps(named),
    named('the revocation is committed', (state) =>
      state.committed === undefined ? { ...state, committed: 0 } : undefined,
    ),
    named(
      'the revocation is acknowledged',
      when(
        ({ committed = -1, said, acknowledged }) =>
          !acknowledged && (committed >= lease + margin || (said && committed >= 0)),
        (state) => ({ ...state, acknowledged: true }),
      ),
    ),
    ...nodeSteps(named, mutant),
    ...streamSteps(named, mutant),
    ...subscriberSteps(named, mutant),
  ];
}

type Named = (name: string, step: Step) => Action<SubscriberState>;

function timeSteps(named: Named): Action<SubscriberState>[] {
  const less = (ticks: number) => Math.max(ticks - 1, 0);
  const older = (ticks: number | undefined, most: number) => ticks && Math.min(ticks + 1, most);
  const writer = (state: SubscriberState): SubscriberState => {
    const { committed } = state;
    return { ...state, committed: committed === undefined ? undefined : Math.min(committed + 1, longAgo) };
  };
  const node = (state: SubscriberState): SubscriberState => ({
    ...state,
    leaseSince: Math.min(state.leaseSince + 1, lease),
    renewal: state.renewal && { ...state.renewal, since: Math.min(state.renewal.since + 1, lease) },
    granted: less(state.granted),
    waits: state.waits && less(state.waits),
  });
  const subscriber = (state: SubscriberState): SubscriberState => ({
    ...state,
    asked: state.asked === 0 ? 1 : older(state.asked, lease),
    holds: less(state.holds),
  });
  const slip = (state: SubscriberState): SubscriberState => ({ ...state, slipped: true });
  const once = ({ slipped }: SubscriberState) => !slipped;
  return [
    named('a tick', (state) => writer(node(subscriber(state)))),
    named(
      'a tick that the clock of the node misses',
      when(once, (state) => slip(writer(subscriber(state)))),
    ),
    named(
      'a tick that the clock of the subscriber misses',
      when(once, (state) => slip(writer(node(state)))),
    ),
  ];
}

function nodeSteps(named: Named, mutant: SubscriberMutant | undefined): Action<SubscriberState>[] {
  const lives = ({ over }: SubscriberState) => !over;
  const late = mutant === 'a revocation is sent after the lease is taken';
  /** Undefined: it need not be waited for. */
  const toWaitFor = ({ granted, sent, heard, stream }: SubscriberState): number => {
    if (mutant === 'a node says that it knows when its subscriber may not') return 0;
    if (mutant === 'a node waits for nobody whose stream is lost' && stream === 'lost') return 0;
    return sent && !heard ? granted : 0;
  };
  return [
    named(
      'the node notes its time and begins a renewal',
      when(
        (state) => lives(state) && state.renewal === undefined,
        (state) => ({ ...state, renewal: { since: 0, hasRead: false } }),
      ),
    ),
    named('the node reads what was committed', (state) => {
      if (state.renewal === undefined || state.renewal.hasRead) return undefined;
      const read = { ...state, renewal: { ...state.renewal, hasRead: true } };
      return state.committed === undefined || late ? read : learn(read);
    }),
    named('the node holds its lease', (state) =>
      state.renewal?.hasRead ? { ...state, leaseSince: state.renewal.since, renewal: undefined } : undefined,
    ),
    named(
      'the node hears of the revocation',
      when((state) => lives(state) && state.committed !== undefined && !state.nodeKnows, learn),
    ),
    named('the node gives its lease up, ends the stream and loads', (state) => {
      if (!lives(state) || state.stream === 'none') return undefined;
      const counts = mutant !== 'a load counts as known to those who knew everything before';
      return {
        ...{ ...state, leaseSince: lease, renewal: undefined, stream: 'lost' },
        nodeKnows: state.committed !== undefined,
        ...(counts ? { sent: true, heard: false } : {}),
      };
    }),
    named(
      'the node looks whether its subscriber knows',
      when(
        (state) => lives(state) && state.nodeKnows && state.waits === undefined,
        (state) => ({ ...state, waits: toWaitFor(state) }),
      ),
    ),
    named(
      'the node says that it knows',
      when(
        (state) =>
          lives(state) && !state.said && (state.waits === 0 || (state.waits !== undefined && state.heard)),
        (state) => ({ ...state, said: true }),
      ),
    ),
    named('the node crashes', when(lives, dead)),
    named('the node stops, and removes its row when it may', (state) => {
      if (!lives(state)) return undefined;
      const mayRemove =
        state.granted === 0 || mutant === 'a node that stops removes its row whatever its subscriber holds';
      return { ...dead(state), said: state.said || mayRemove };
    }),
  ];
}

function dead(state: SubscriberState): SubscriberState {
  const stream = state.stream === 'open' ? 'lost' : state.stream;
  return { ...state, over: true, leaseSince: lease, renewal: undefined, waits: undefined, stream };
}

function streamSteps(named: Named, mutant: SubscriberMutant | undefined): Action<SubscriberState>[] {
  const marginMs = mutant === 'a grant without a margin' ? 0 : margin;
  const grant = (state: SubscriberState): SubscriberState => {
    const whole = mutant === 'a grant is as long as a whole lease';
    const left = lease - state.leaseSince;
    const ticks = whole && left > 0 ? lease : left;
    const answered = { ...state, askArrived: true };
    if (ticks === 0 || !state.snapshotTaken) return { ...answered, asked: undefined };
    const ahead = mutant === 'a grant is ahead of what its node knows';
    const messages = ahead ? [ticks, ...state.messages] : [...state.messages, ticks];
    return { ...answered, messages, granted: Math.max(state.granted, left + marginMs) };
  };
  return [
    named(
      'a stream is opened',
      when(
        ({ stream, over }) => stream === 'none' && !over,
        (state) => ({
          ...state,
          stream: 'open',
          messages: ['snapshot'],
          snapshotKnows: state.nodeKnows,
          sent: false,
        }),
      ),
    ),
    named(
      'the node answers what the subscriber asked',
      when(({ asked, askArrived, stream }) => asked !== undefined && !askArrived && stream === 'open', grant),
    ),
    named(
      'an acknowledgement arrives',
      when(
        ({ acknowledgement, stream }) => acknowledgement && stream === 'open',
        (state) => ({ ...state, acknowledgement: false, heard: true }),
      ),
    ),
    named(
      'the subscriber is heard to have left',
      when(
        ({ leaving, stream }) => leaving && stream === 'open',
        (state) => ({ ...state, leaving: false, granted: 0, waits: state.waits && 0, stream: 'lost' }),
      ),
    ),
    named(
      'the node loses the stream',
      when(
        ({ stream }) => stream === 'open',
        (state) => ({ ...state, stream: 'lost' }),
      ),
    ),
    named(
      'what is on its way is lost',
      when(
        ({ stream, messages }) => stream === 'lost' && messages.length > 0,
        (state) => ({ ...state, messages: [] }),
      ),
    ),
  ];
}

function subscriberSteps(named: Named, mutant: SubscriberMutant | undefined): Action<SubscriberState>[] {
  const early = mutant === 'a subscriber acknowledges before it knows';
  const takeGrant = (state: SubscriberState, ticks: number): SubscriberState => {
    const done = { ...state, asked: undefined, askArrived: false };
    if (state.left && mutant !== 'a subscriber takes a grant after it has left') return done;
    const since =
      mutant === 'a subscriber counts its lease from when it arrives' ? 0 : (state.asked ?? lease);
    return { ...done, holds: Math.max(state.holds, ticks - since) };
  };
  const take = (state: SubscriberState): SubscriberState => {
    const [message, ...messages] = state.messages;
    const rest = { ...state, messages };
    if (message === 'snapshot') return { ...rest, subscriberKnows: state.snapshotKnows, snapshotTaken: true };
    if (message === 'revocation') return { ...rest, subscriberKnows: true, acknowledgement: true };
    return takeGrant(rest, message ?? 0);
  };
  return [
    named(
      'the subscriber notes its time and asks for a lease',
      when(
        ({ stream, asked, left }) => stream === 'open' && asked === undefined && !left,
        (state) => ({ ...state, asked: 0, askArrived: false }),
      ),
    ),
    named(
      'the subscriber takes a message',
      when(({ messages }) => messages.length > 0, take),
    ),
    named(
      'the subscriber acknowledges what is on its way to it',
      when(
        ({ messages, acknowledgement, heard }) =>
          early && messages.includes('revocation') && !acknowledgement && !heard,
        (state) => ({ ...state, acknowledgement: true }),
      ),
    ),
    named(
      'the subscriber drops its lease and leaves',
      when(
        ({ stream, left }) => stream === 'open' && !left,
        (state) => ({ ...state, holds: 0, left: true, leaving: true }),
      ),
    ),
  ];
}
