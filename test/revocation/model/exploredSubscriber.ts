/** Explores what a node owes to the others on behalf of its subscribers, or a mutant of that. */

import { explore } from './explore.ts';
import { type SubscriberMutant, subscriberActions } from './subscriber.ts';
import {
  initialSubscriberState,
  keyOfSubscriberState,
  type SubscriberState,
  subscriberInvariants,
} from './subscriberState.ts';

export function exploredSubscriber(
  mutant?: SubscriberMutant,
  invariants: Readonly<Record<string, (state: SubscriberState) => boolean>> = subscriberInvariants,
) {
  // What breaks no promise is worth a look, where it is looked for.
  const keyOf =
    invariants === subscriberInvariants
      ? keyOfSubscriberState
      : (state: SubscriberState) => JSON.stringify(state);
  return explore({ initial: initialSubscriberState, actions: subscriberActions(mutant), invariants, keyOf });
}
