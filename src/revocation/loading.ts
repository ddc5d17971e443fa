/** Fills a node's memory: from the shared copy where that can be relied upon, else row by row from the truth. */
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { DenyList } from './denyList.ts';
import { type Position, requireSameHistory } from './position.ts';
import type { Projection } from './projection.ts';
import type { Revocation, RevocationSnapshot, RevocationSnapshots, RevocationStore } from './revocation.ts';

/** Tells, now and then, how far a long load has come. */
export type OnProgress = (progress: {
  readonly from: 'redis' | 'postgres';
  readonly entries: number;
}) => void;

/** In a single process: everything there is. Answers how many. */
export async function loadFromStore(parts: {
  denyList: Pick<DenyList, 'load'>;
  store: Pick<RevocationStore, 'countLive' | 'listLive'>;
  clock: Clock;
  sliceMs: number;
}): Promise<number> {
  const { denyList, store, clock, sliceMs } = parts;
  let entries = 0;
  await denyList.load(async (memory) => {
    memory.reserve(await store.countLive(clock.now(), sliceMs));
    let page: readonly Revocation[] = [];
    do {
      page = await store.listLive(clock.now(), limits.revocationsPageRows, page.at(-1)?.subject);
      memory.add(page);
      entries += page.length;
    } while (page.length === limits.revocationsPageRows);
  });
  return entries;
}

/**
 * As one of many nodes. Answers the position that memory then covers: what became visible later must be read before
 * anything is answered from it.
 */
export type Load = () => Promise<Position>;

export function createLoad(parts: {
  denyList: Pick<DenyList, 'load'>;
  snapshots: RevocationSnapshots;
  copy: Pick<Projection, 'load'>;
  clock: Clock;
  sliceMs: number;
  onProgress: OnProgress;
}): Load {
  const { denyList, snapshots, copy, clock, sliceMs, onProgress } = parts;

  const loadCopy = async (
    { position, marks }: RevocationSnapshot,
    now: number,
  ): Promise<Position | undefined> => {
    const copied = await copy.load(position.history, now);
    if (copied === undefined) return undefined;
    requireSameHistory(copied.position, position);
    const marked = await marks();
    await denyList.load(async (memory) => {
      memory.adopt(copied.slices);
      memory.add(marked);
    });
    const layers = copied.slices.flatMap((slice) => slice.layers);
    onProgress({ from: 'redis', entries: layers.reduce((sum, layer) => sum + layer.entries, 0) });
    return copied.position;
  };

  return () =>
    snapshots.read(async (snapshot) => {
      // Whatever is wrong with the copy, the truth has all of it.
      const { position, now } = snapshot;
      const liveAt = Math.min(clock.now(), now);
      const copied = await loadCopy(snapshot, liveAt).catch(() => undefined);
      if (copied !== undefined) return copied;
      await denyList.load(async (memory) => {
        memory.reserve(await snapshot.countLive(clock.now(), sliceMs));
        let entries = 0;
        let told = clock.monotonic();
        await snapshot.readLive(clock.now(), (page) => {
          memory.add(page);
          entries += page.length;
          if (clock.monotonic() - told < limits.loadProgressMilliseconds) return;
          told = clock.monotonic();
          onProgress({ from: 'postgres', entries });
        });
        onProgress({ from: 'postgres', entries });
      });
      return position;
    });
}
