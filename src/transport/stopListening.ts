/**
 * Closes a listener between two connections. The kernel resets a connection that it has queued and that the process did not
 * accept before the close, and a proxy cannot send that request again. So the time between the last accept and the close, which
 * is at most one turn of the event loop, has to be short.
 */
import { Server } from 'node:net';
import { atEndOfTurn, type Clock } from '@countersign/verifier/clock';
import { transportLimits } from './limits.ts';

/** Accepts no more connections; those that are open stay, idle ones too. Resolves after the close. */
export async function stopListening(listener: Server, clock: Pick<Clock, 'monotonic'>): Promise<void> {
  await betweenConnections(clock);
  // An HTTP server's own `close` would also close idle connections, on which a request may be coming.
  Server.prototype.close.call(listener);
}

/** Resolves at the end of a short turn: close at once. */
export async function betweenConnections(clock: Pick<Clock, 'monotonic'>): Promise<void> {
  let shortest = Number.POSITIVE_INFINITY;
  const until = clock.monotonic() + transportLimits.quietTurnMilliseconds;
  for (let turn = 1; clock.monotonic() < until; turn += 1) {
    const begun = clock.monotonic();
    await new Promise<void>((resolve) => void atEndOfTurn(resolve));
    const took = clock.monotonic() - begun;
    if (turn <= transportLimits.comparedTurns) shortest = Math.min(shortest, took);
    else if (took <= transportLimits.quietTurn * shortest) return;
  }
}
