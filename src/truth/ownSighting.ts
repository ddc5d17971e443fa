/** This run's sighting of the database. Saved a while after each change, for later runs. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { truthLimits } from './limits.ts';
import type { Sighting, SightingStore } from './sighting.ts';

export interface OwnSighting {
  /** Undefined before the database was trusted. */
  current(): Sighting | undefined;
  replace(sighting: Sighting): void;
  note(more: Partial<Sighting>): void;
  /** Starts saving. */
  keep(): void;
  /** Saves it now, if saving has started. Resolves when all saves are done. */
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
    // Before the database is trusted, keep the sightings of earlier runs.
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
