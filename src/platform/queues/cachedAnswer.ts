import type { Clock } from '@countersign/verifier/clock';

/** One answer for all who ask within so long after it was asked for: what anybody may ask costs no more than that. */
export function cachedAnswer<T>(
  clock: Pick<Clock, 'monotonic'>,
  milliseconds: number,
  ask: () => Promise<T>,
): () => Promise<T> {
  let asked: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return () => {
    const at = clock.monotonic();
    if (asked === undefined || at - asked.at >= milliseconds) asked = { at, answer: ask() };
    return asked.answer;
  };
}
