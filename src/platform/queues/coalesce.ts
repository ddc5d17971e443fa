/**
 * One run at a time: callers during a run share the next one. So each caller's run began after its call, and a hundred callers
 * cost two runs.
 */
export function coalesce<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;

  const start = (): Promise<T> => {
    next = undefined;
    const result = run();
    const settled = result.then(
      () => {},
      () => {},
    );
    running = settled;
    void settled.then(() => {
      if (running === settled) running = undefined;
    });
    return result;
  };

  return () => {
    if (next === undefined && running === undefined) return start();
    next ??= (running ?? Promise.resolve()).then(start);
    return next;
  };
}
