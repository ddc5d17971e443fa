/** The subscribers of one run, which check tokens all the time, and what happens to them. */
import type { Verdict } from '@countersign/verifier/revocation/denyList';
import type { StreamNode } from './stream.ts';
import {
  createSimulatedSubscriber,
  type SimulatedSubscriber,
  type SubscriberSabotage,
} from './subscriber.ts';
import type { World } from './world.ts';

export interface Watchers {
  /** Checks that a subscriber answered from memory. */
  answers(): number;
  moves(): number;
}

export function createWatchers<Session>(parts: {
  /** With dice of their own: a run without subscribers is what it was before there were any. */
  world: World;
  count: number;
  nodes: () => readonly StreamNode[];
  sliceMs: number;
  leaseMs: number;
  harshness: number;
  sabotage: SubscriberSabotage;
  /** How often this is done: the time between, in the mean. */
  often: (meanMs: number, act: () => void) => void;
  pickSession: () =>
    | { session: Session; subjects: readonly Uint8Array[]; issuedAt: number | undefined }
    | undefined;
  onVerdict: (session: Session, startedAt: number, by: string, verdict: Verdict) => void;
  onViolation: (what: string) => void;
}): Watchers {
  const { world, count, leaseMs, harshness, often } = parts;
  const subscribers: SimulatedSubscriber[] = [];
  let answers = 0;
  let moves = 0;
  if (count === 0) return { answers: () => 0, moves: () => 0 };

  const start = () => createSimulatedSubscriber(parts);

  const check = () => {
    const index = Math.floor(world.between(0, subscribers.length));
    const subscriber = subscribers[index];
    const picked = parts.pickSession();
    if (subscriber === undefined || picked === undefined) return;
    if (!subscriber.machine.alive() || subscriber.machine.asleep()) return;
    const verdict = subscriber.check(picked.subjects, picked.issuedAt);
    if (verdict === undefined) return;
    answers += 1;
    parts.onVerdict(picked.session, world.now(), `subscriber ${index}`, verdict);
  };

  const die = (index: number) => {
    subscribers[index]?.machine.crash();
    moves += subscribers[index]?.moves() ?? 0;
    world.at(world.now() + world.between(50, 1_000), () => {
      subscribers[index] = start();
    });
  };

  const fault = () => {
    const index = Math.floor(world.between(0, subscribers.length));
    const subscriber = subscribers[index];
    if (subscriber === undefined || !subscriber.machine.alive()) return;
    const what = world.pick(['sleeps', 'dies', 'is disturbed', 'is disturbed', 'wall clock'] as const);
    if (what === 'sleeps') subscriber.machine.sleep(world.between(50, 2 * leaseMs));
    if (what === 'dies') die(index);
    if (what === 'is disturbed') subscriber.disturb();
    if (what === 'wall clock') subscriber.machine.stepWallClock(world.between(-60_000, 60_000));
  };

  while (subscribers.length < count) subscribers.push(start());
  often(20, check);
  if (harshness > 0) often(700 / harshness, fault);
  return {
    answers: () => answers,
    moves: () => subscribers.reduce((sum, subscriber) => sum + subscriber.moves(), moves),
  };
}
