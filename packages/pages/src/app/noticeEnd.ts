/**
 * Notices within a second that the session has ended: the authority answers a waiting request then. Only while somebody can see the
 * page, since browsers allow few requests at once.
 */
import { effect, signal } from '@preact/signals';
import { Refusal } from '../api/refusal.ts';
import type { App } from './app.ts';

/** After a refusal, such as a network that is gone. */
const pauseMilliseconds = 5_000;

export function noticeEnd({ api, session }: App): void {
  const isVisible = signal(document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', () => {
    isVisible.value = document.visibilityState === 'visible';
  });
  effect(() => {
    if (session.state.value !== 'open' || !isVisible.value) return;
    const stopped = new AbortController();
    watch(stopped.signal);
    return () => stopped.abort();
  });

  async function watch(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      try {
        const response = await api.open('/auth/session/end', stopped);
        const { ended } = (await response.json()) as { readonly ended: boolean };
        // The refresh says for sure.
        if (ended) await session.renew();
      } catch (error) {
        if (error instanceof Refusal && error.code === 'session_ended') return;
        await pause(stopped);
      }
    }
  }
}

function pause(stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pauseMilliseconds);
    stopped.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
