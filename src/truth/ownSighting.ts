/** What this run of the node has seen of the database. Saved a while after it changed, for the runs that come later. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { truthLimits } from './limits.ts';
import type { Sighting, SightingStore } from './sighting.ts';

export interface OwnSighting {
  /** Undefined before the database was believed. */
  current(): Sighting | undefined;
  replace(sighting: Sighting): void;
  note(more: Partial<Sighting>): void;
  /** From now on it is saved. */
  keep(): void;
  /** Saves it now, if it is to be kept. Resolves when every save so far is done. */
  save(): Promise<void>;
}

export function createOwnSighting(parts: {
  readonly stores: readonly SightingStore[];
  readonly onFault: (error: unknown) => void;
  readonly clock: Clock;
}): OwnSighting {
  const { stores, onFault, clock } = parts;
  let own: Sighting | undefined;
  let keeping = false;
  let saving: Promise<void> = Promise.resolve();
  let cancelSave: Cancel | undefined;

  const save = () => {
    cancelSave?.();
    cancelSave = undefined;
    // Before the database was believed, the sightings of earlier runs stay.
    if (own === undefined || !keeping) return saving;
    const now = { ...own, savedAt: clock.now() };
    saving = saving.then(async () => {
      await Promise.all(stores.map((store) => store.save(now).catch(onFault)));
    });
    return saving;
  };
  const note = (more: Partial<Sighting>) => {
    if (own === undefined) return;
    own = { ...own, ...more };
    cancelSave ??= clock.after(truthLimits.sightingMilliseconds, () => void save());
  };

  return {
    current: () => own,
    replace(sighting) {
      own = sighting;
    },
    note,
    keep() {
      keeping = true;
      note({});
    },
    save,
  };
}
