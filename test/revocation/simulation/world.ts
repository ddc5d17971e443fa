/**
 * A world in which nothing happens by itself: time is a number, whatever waits is an event, and chance is a seed. The same
 * seed gives the same run, event by event.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cancel, Clock } from '@countersign/verifier/clock';

/** Numbers from 0 to 1 (mulberry32). */
export type Chance = () => number;

export function createChance(seed: number): Chance {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Event {
  readonly at: number;
  readonly order: number;
  cancelled: boolean;
  run(): void;
}

/** What chance decides. */
export interface Dice {
  readonly chance: Chance;
  between(low: number, high: number): number;
  oneIn(count: number): boolean;
  pick<T>(items: readonly T[]): T | undefined;
}

export function createDice(seed: number): Dice {
  const chance = createChance(seed);
  return {
    chance,
    between: (low, high) => low + chance() * (high - low),
    oneIn: (count) => chance() * count < 1,
    pick: (items) => items[Math.floor(chance() * items.length)],
  };
}

export interface World extends Dice {
  /** Milliseconds since the beginning. */
  now(): number;
  at(milliseconds: number, run: () => void): Cancel;
  /** Runs event by event until then; whatever an event set off has settled before the next one. */
  runUntil(milliseconds: number): Promise<void>;
}

export function createWorld(seed: number): World {
  const dice = createDice(seed);
  const events = createAgenda();
  let now = 0;
  let order = 0;

  return {
    ...dice,
    now: () => now,
    at(milliseconds, run) {
      order += 1;
      const event = { at: Math.max(now, milliseconds), order, run, cancelled: false };
      events.add(event);
      return () => {
        event.cancelled = true;
      };
    },
    async runUntil(milliseconds) {
      for (let event = events.take(milliseconds); event !== undefined; event = events.take(milliseconds)) {
        if (event.cancelled) continue;
        now = event.at;
        event.run();
        await nextTurn();
      }
      now = milliseconds;
    },
  };
}

/** Events by their time, and by the order in which they were planned: a binary heap. */
function createAgenda() {
  const heap: Event[] = [];
  const isBefore = (one: Event | undefined, other: Event | undefined) =>
    one !== undefined &&
    other !== undefined &&
    (one.at < other.at || (one.at === other.at && one.order < other.order));
  const swap = (one: number, other: number) => {
    [heap[one], heap[other]] = [heap[other] as Event, heap[one] as Event];
  };
  const earliestOf = (parent: number): number => {
    const [left, right] = [2 * parent + 1, 2 * parent + 2];
    const child = isBefore(heap[right], heap[left]) ? right : left;
    return isBefore(heap[child], heap[parent]) ? child : parent;
  };

  return {
    add(event: Event) {
      heap.push(event);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isBefore(heap[at], heap[parent])) break;
        swap(at, parent);
        at = parent;
      }
    },
    /** The earliest one, if it is due by then. */
    take(until: number): Event | undefined {
      const first = heap[0];
      if (first === undefined || first.at > until) return undefined;
      swap(0, heap.length - 1);
      heap.pop();
      for (let at = 0, next = earliestOf(0); next !== at; next = earliestOf(at)) {
        swap(at, next);
        at = next;
      }
      return first;
    },
  };
}

/** The machine that a node runs on: it may stop for a while, or for good, and its clocks are its own. */
export interface Machine {
  readonly clock: Clock;
  /** Runs this on the machine: when it wakes up, if it sleeps; never, if it is dead. */
  run(task: () => void): void;
  alive(): boolean;
  asleep(): boolean;
  /** How long it has slept in all. */
  slept(): number;
  sleep(milliseconds: number): void;
  crash(): void;
  stepWallClock(milliseconds: number): void;
}

/** `rate`: how fast its clocks run. */
export function createMachine(world: World, rate: number): Machine {
  const waiting: (() => void)[] = [];
  let dead = false;
  let wakesAt = 0;
  let slept = 0;
  let step = 0;

  const run = (task: () => void) => {
    if (dead) return;
    if (world.now() < wakesAt) waiting.push(task);
    else task();
  };
  const after = (milliseconds: number, task: () => void): Cancel => {
    let cancelled = false;
    world.at(world.now() + milliseconds / rate, () => run(() => cancelled || task()));
    return () => {
      cancelled = true;
    };
  };

  return {
    clock: {
      now: () => Date.UTC(2030, 0, 1) + world.now() * rate + step,
      monotonic: () => world.now() * rate,
      after,
      every(milliseconds, task) {
        let cancelled = false;
        let running = false;
        const tick = async () => {
          if (cancelled) return;
          after(milliseconds, () => void tick());
          if (running) return;
          running = true;
          try {
            await task();
          } finally {
            running = false;
          }
        };
        after(milliseconds, () => void tick());
        return () => {
          cancelled = true;
        };
      },
    },
    run,
    alive: () => !dead,
    asleep: () => world.now() < wakesAt,
    slept: () => slept,
    sleep(milliseconds) {
      wakesAt = world.now() + milliseconds;
      slept += milliseconds;
      world.at(wakesAt, () => {
        // Whatever came in the meantime comes now, before anything else.
        if (world.now() >= wakesAt) for (const task of waiting.splice(0)) if (!dead) task();
      });
    },
    crash() {
      dead = true;
      waiting.length = 0;
    },
    stepWallClock(milliseconds) {
      step += milliseconds;
    },
  };
}

/** How calls reach something, and how they fail. */
export interface Link {
  /** Milliseconds of one way. */
  delay(): number;
  /** A call while this is true is not answered; it fails after the time-out. */
  cut(): boolean;
  /** Refused before anything was done. */
  refused(): boolean;
  /** Done, but the answer is lost. */
  answerLost(): boolean;
  readonly timeoutMs: number;
  /** For how long the machine sleeps just before it hears the answer; usually not at all. */
  nap(): number;
}

/** One call from a machine: what is done over there is done in one step. */
export function callOver<T>(world: World, machine: Machine, link: Link, act: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (after: number, why: string) =>
      world.at(world.now() + after, () => machine.run(() => reject(new Error(why))));
    if (link.cut()) {
      fail(link.timeoutMs, 'no answer');
      return;
    }
    if (link.refused()) {
      fail(link.delay(), 'refused');
      return;
    }
    world.at(world.now() + link.delay(), () => {
      // What a machine sent before it died still arrives.
      let result: T;
      try {
        result = act();
      } catch (error) {
        fail(link.delay(), String(error));
        return;
      }
      const nap = link.nap();
      if (nap > 0) machine.sleep(nap);
      if (link.answerLost() || link.cut()) fail(link.timeoutMs, 'answer lost');
      else world.at(world.now() + link.delay(), () => machine.run(() => resolve(result)));
    });
  });
}
