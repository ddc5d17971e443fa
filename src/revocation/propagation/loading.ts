/** Fills a node's memory from another node's saved memory if genuine, else row by row from the database. */
import type { Clock } from '@countersign/verifier/clock';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import { type Position, requireSameHistory } from '@countersign/verifier/revocation/position';
import type {
  Revocation,
  RevocationSnapshot,
  RevocationSnapshots,
  RevocationStore,
} from '@countersign/verifier/revocation/revocation';
import { propagationLimits } from './limits.ts';
import { isFresh, type SavedMemory } from './savedMemory.ts';

/** Reports the progress of a long load. */
export type OnProgress = (progress: {
  readonly from: 'redis' | 'postgres';
  readonly entries: number;
}) => void;

/** For a single process: loads everything. Returns how many revocations. */
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
      page = await store.listLive(clock.now(), propagationLimits.revocationsPageRows, page.at(-1)?.subject);
      memory.add(page);
      entries += page.length;
    } while (page.length === propagationLimits.revocationsPageRows);
  });
  return entries;
}

/** For one of many nodes. Returns the position memory covers: read what became visible later before answering from memory. */
export type Load = () => Promise<Position>;

export function createLoad(parts: {
  denyList: Pick<DenyList, 'load'>;
  snapshots: RevocationSnapshots;
  saved: Pick<SavedMemory, 'latest'>;
  clock: Clock;
  sliceMs: number;
  onProgress: OnProgress;
}): Load {
  const { denyList, snapshots, saved, clock, sliceMs, onProgress } = parts;

  const loadSaved = async ({ position, now }: RevocationSnapshot): Promise<Position | undefined> => {
    const latest = await saved.latest();
    if (latest === undefined || !isFresh(latest, now)) return undefined;
    requireSameHistory(latest.position, position);
    const contents = await latest.read();
    if (contents === undefined) return undefined;
    const liveAt = Math.min(clock.now(), now);
    const slices = contents.slices.filter(({ endsAt }) => endsAt > liveAt);
    const marks = contents.marks.filter(({ expiresAt }) => expiresAt > liveAt);
    await denyList.load(async (memory) => {
      memory.adopt(slices);
      memory.add(marks);
    });
    const layers = slices.flatMap((slice) => slice.layers);
    onProgress({ from: 'redis', entries: layers.reduce((sum, layer) => sum + layer.entries, 0) });
    return latest.position;
  };

  return () =>
    snapshots.read(async (snapshot) => {
      // On any fault of the saved memory, the database has everything.
      const covered = await loadSaved(snapshot).catch(() => undefined);
      if (covered !== undefined) return covered;
      await denyList.load(async (memory) => {
        memory.reserve(await snapshot.countLive(clock.now(), sliceMs));
        let entries = 0;
        let told = clock.monotonic();
        await snapshot.readLive(clock.now(), (page) => {
          memory.add(page);
          entries += page.length;
          if (clock.monotonic() - told < propagationLimits.loadProgressMilliseconds) return;
          told = clock.monotonic();
          onProgress({ from: 'postgres', entries });
        });
        onProgress({ from: 'postgres', entries });
      });
      return snapshot.position;
    });
}
