/** One POST to a system of somebody else, within a time. */
import type { Clock } from '@countersign/verifier/clock';
import { SendFault } from './channel.ts';
import { notificationLimits } from './limits.ts';

/** Returns the status. Rejects with `SendFault`. */
export async function post(
  clock: Clock,
  url: string,
  request: { readonly headers: Record<string, string>; readonly body: string },
): Promise<number> {
  const late = new AbortController();
  const cancel = clock.after(notificationLimits.webhookMilliseconds, () => late.abort());
  try {
    // A redirect would take the content elsewhere.
    const answer = await fetch(url, { method: 'POST', redirect: 'manual', signal: late.signal, ...request });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    throw new SendFault(late.signal.aborted ? 'webhook timeout' : 'webhook unreachable');
  } finally {
    cancel();
  }
}
