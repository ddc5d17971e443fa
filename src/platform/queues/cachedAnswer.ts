import type { Clock } from '@countersign/verifier/clock';

/** Reuses one answer for all callers within a time after it was requested, so that frequent calls cost nothing more. */
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
