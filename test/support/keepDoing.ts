/** Work that comes at a steady pace, whether or not what came before is done. */
export interface Paced {
  /** For how long work has come by now, by its own turns; milliseconds. */
  offeredMs(): number;
  /** Resolves when everything under way is done. */
  stop(): Promise<void>;
}

/** `work` must not reject. It is left out while `atOnce` of it are under way. */
export function keepDoing(pace: { everyMs: number; atOnce: number }, work: () => Promise<void>): Paced {
  const under = new Set<Promise<void>>();
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
    if (under.size >= pace.atOnce) return;
    const one = work().finally(() => under.delete(one));
    under.add(one);
  }, pace.everyMs);
  return {
    offeredMs: () => turns * pace.everyMs,
    async stop() {
      clearInterval(timer);
      await Promise.all(under);
    },
  };
}
