/**
 * A process with some edges, that asks each of them about each token that it was given, over and over. It reports when a
 * question was last answered "not revoked", and first "revoked": of each token, over all edges. Times are milliseconds of the
 * machine's monotonic clock, which all processes share.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createGuard, type Guard } from '../../src/sdk/index.ts';

export interface EdgeProcessOptions {
  readonly authority: readonly string[];
  readonly serviceToken: string;
  readonly edges: number;
}

export interface TokenReport {
  readonly id: string;
  /** When the last question began that was answered "not revoked"; 0: none was. */
  lastAccepted: number;
  /** When a question was first answered "revoked"; 0: none was. */
  firstRefused: number;
  /** Since when all edges answer "revoked"; 0: they do not. */
  refusedByAll: number;
}

export interface EdgeReport {
  readonly tokens: readonly TokenReport[];
  readonly checks: number;
  readonly unavailable: number;
  /** Errors that are none of the contract. */
  readonly unexpected: readonly string[];
}

export type ToEdges =
  | { readonly tokens: readonly { readonly id: string; readonly token: string }[] }
  | { readonly report: true };

const machineTime = () => Number(process.hrtime.bigint()) / 1e6;
/** A token that every edge has refused for this long is asked about once more, at the end. */
const settledMilliseconds = 300;
const betweenRoundsMilliseconds = 15;

interface Watched extends TokenReport {
  readonly token: string;
}

const { authority, serviceToken, edges } = JSON.parse(process.argv[2] ?? '') as EdgeProcessOptions;
const guards = Array.from({ length: edges }, () =>
  createGuard({ authority: [...authority], serviceToken, audience: 'countersign' }),
);
const live = new Map<string, Watched>();
const settled: Watched[] = [];
let [checks, unavailable, reporting] = [0, 0, false];
const unexpected = new Set<string>();

process.on('message', (message: ToEdges) => {
  if ('report' in message) reporting = true;
  else
    for (const { id, token } of message.tokens)
      live.set(id, { id, token, lastAccepted: 0, firstRefused: 0, refusedByAll: 0 });
});
await Promise.all(guards.map((guard) => guard.ready()));
process.send?.('ready');

while (!reporting) {
  await Promise.all([...live.values()].map(askAll));
  for (const watched of [...live.values()]) settle(watched);
  await pause(betweenRoundsMilliseconds);
}
// Whatever was refused stays refused, whatever has happened to the edges since.
const all = [...settled, ...live.values()];
await Promise.all(all.map(askAll));
const tokens = all.map(({ token: _, ...report }) => report);
process.send?.({ tokens, checks, unavailable, unexpected: [...unexpected] } satisfies EdgeReport);
await Promise.all(guards.map((guard) => guard.close()));
process.disconnect();

async function askAll(watched: Watched): Promise<void> {
  const began = machineTime();
  const answers = await Promise.all(guards.map((guard) => ask(guard, watched)));
  if (!answers.every((answer) => answer === 'refused')) watched.refusedByAll = 0;
  else if (watched.refusedByAll === 0) watched.refusedByAll = began;
}

async function ask(guard: Guard, watched: Watched): Promise<'accepted' | 'refused' | 'unavailable'> {
  const began = machineTime();
  checks += 1;
  try {
    await guard.verify(watched.token);
    watched.lastAccepted = Math.max(watched.lastAccepted, began);
    return 'accepted';
  } catch (error) {
    const { status } = error as { status?: number };
    if (status === 401) {
      if (watched.firstRefused === 0) watched.firstRefused = machineTime();
      return 'refused';
    }
    if (status === 503) unavailable += 1;
    else unexpected.add(String(error));
    return 'unavailable';
  }
}

function settle(watched: Watched): void {
  if (watched.refusedByAll === 0 || machineTime() - watched.refusedByAll < settledMilliseconds) return;
  live.delete(watched.id);
  settled.push(watched);
}
