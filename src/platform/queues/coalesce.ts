/**
 * Many callers, one run at a time: whoever calls while a run is going on shares the next one. So each is answered by a run
 * that began after it asked, and a hundred callers cost two runs.
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
