/**
 * A process with some subscribers. It asks two of them about each token that it was given, over and over, and at once when it is told
 * that the token's logout was answered; at the end, all of them. It reports when a question was last answered "not revoked",
 * and first "revoked". Times are milliseconds of the machine's monotonic clock, which all processes share.
 */
import { createGuard, type Guard } from '../../../packages/guard/src/index.ts';
import { eventually } from '../../support/eventually.ts';
import { machineTime } from '../../support/machineTime.ts';

export interface SubscriberProcessOptions {
  readonly authority: readonly string[];
  readonly serviceToken: string;
  readonly subscribers: number;
}

export interface TokenReport {
  readonly id: string;
  /** When the last question began that was answered "not revoked"; 0: none was. */
  lastAccepted: number;
  /** When a question was first answered "revoked"; 0: none was. */
  firstRefused: number;
}

export interface SubscriberReport {
  readonly tokens: readonly TokenReport[];
  readonly checks: number;
  readonly unavailable: number;
  /** Errors that are none of the contract. */
  readonly unexpected: readonly string[];
}

export type ToSubscribers =
  | { readonly tokens: readonly { readonly id: string; readonly token: string }[] }
  /** Their logouts have been answered. */
  | { readonly ended: readonly string[] }
  | { readonly report: true };

/** More would be a load of its own: a subscriber verifies the signature of each token that is new to it. */
const askedOfEach = 2;
const betweenRoundsMilliseconds = 100;
/** In one round; all get their turn. */
const tokensInRound = 100;

interface Watched extends TokenReport {
  readonly token: string;
  readonly askedOf: readonly Guard[];
}

const { authority, serviceToken, subscribers } = JSON.parse(
  process.argv[2] ?? '',
) as SubscriberProcessOptions;
const guards = Array.from({ length: subscribers }, () =>
  createGuard({ authority: [...authority], serviceToken, audience: 'countersign' }),
);
const live = new Map<string, Watched>();
const ended: Watched[] = [];
let [checks, unavailable, reporting] = [0, 0, false];
const unexpected = new Set<string>();

let turn = 0;
process.on('message', (message: ToSubscribers) => {
  if ('report' in message) reporting = true;
  else if ('tokens' in message) for (const { id, token } of message.tokens) watch(id, token);
  else for (const id of message.ended) void askAtItsEnd(id);
});
await Promise.all(guards.map((guard) => guard.ready()));
process.send?.('ready');

let roundAt = 0;
const askInRounds = async () => {
  if (machineTime() - roundAt >= betweenRoundsMilliseconds) {
    roundAt = machineTime();
    await Promise.all(nextTokens().map((watched) => ask(watched.askedOf, watched)));
  }
  return reporting;
};
await eventually('a report is asked for', askInRounds, Number.POSITIVE_INFINITY);
// Whatever was refused stays refused, whatever has happened to the subscribers since.
const all = [...ended, ...live.values()];
for (const watched of all) await ask(guards, watched);
// It lives until it is killed: what a process that ends has sent may be lost.
const tokens = all.map(({ id, lastAccepted, firstRefused }) => ({ id, lastAccepted, firstRefused }));
process.send?.({ tokens, checks, unavailable, unexpected: [...unexpected] } satisfies SubscriberReport);

function watch(id: string, token: string): void {
  turn += 1;
  const askedOf = Array.from({ length: askedOfEach }, (_, index) => guards[(turn + index) % guards.length]);
  live.set(id, { id, token, askedOf: askedOf as Guard[], lastAccepted: 0, firstRefused: 0 });
}

function nextTokens(): readonly Watched[] {
  const next = [...live.values()].slice(0, tokensInRound);
  for (const watched of next) {
    live.delete(watched.id);
    live.set(watched.id, watched);
  }
  return next;
}

async function askAtItsEnd(id: string): Promise<void> {
  const watched = live.get(id);
  if (watched === undefined) return;
  live.delete(id);
  ended.push(watched);
  await ask(watched.askedOf, watched);
}

async function ask(some: readonly Guard[], watched: Watched): Promise<void> {
  await Promise.all(some.map((guard) => askOne(guard, watched)));
}

async function askOne(guard: Guard, watched: Watched): Promise<void> {
  const began = machineTime();
  checks += 1;
  try {
    await guard.verify(watched.token);
    watched.lastAccepted = Math.max(watched.lastAccepted, began);
  } catch (error) {
    const { status } = error as { status?: number };
    if (status === 401) watched.firstRefused ||= machineTime();
    else if (status === 503) unavailable += 1;
    else unexpected.add(String(error));
  }
}
