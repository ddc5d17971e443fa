/** Step 2 of a renewal: reads everything that became visible since the last one into memory, and reloads memory when it must. */
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import { HistoryError, type Position } from '@countersign/verifier/revocation/position';
import type { Revocation, RevocationSnapshots } from '@countersign/verifier/revocation/revocation';
import type { Load } from './loading.ts';

/** Whether the database can be trusted (truth/truth.ts). */
export interface WatchedDatabase {
  trusted(): boolean;
  /** Compares the database with what was seen of it. Rejects when the database cannot be reached. */
  verify(): Promise<void>;
  /** These are committed, by any node: a database without them is older than what was seen. */
  saw(revocations: readonly Revocation[]): void;
}

export interface CatchingUp {
  /** Brings memory up to date with this database history. Returns the position memory covers. */
  catchUp(history: string): Promise<Position>;
  /** Undefined before memory is loaded, and while it belongs to another history. */
  position(): Position | undefined;
  /** Revocations read, without those of loads. */
  rowsRead(): number;
}

export function createCatchingUp(parts: {
  readonly snapshots: RevocationSnapshots;
  readonly denyList: Pick<DenyList, 'add'>;
  readonly load: Load;
  readonly watched: WatchedDatabase;
  /** Called before memory is reloaded: no lease may be held then. */
  readonly onForgotten: () => void;
  /** Called after revocations were read or memory was loaded. */
  readonly onChanged: () => void;
}): CatchingUp {
  const { snapshots, denyList, load, watched, onForgotten, onChanged } = parts;
  let position: Position | undefined;
  let rowsRead = 0;

  /** Memory of another history is useless. If loading then fails, memory belongs to no history. */
  const forget = () => {
    onForgotten();
    position = undefined;
  };

  const loadIfOther = async (history: string): Promise<Position> => {
    const isSame = position?.history === history;
    // Another history may be an earlier one. During a doubt, an operator may have decided on another node.
    if (!isSame || !watched.trusted()) await watched.verify();
    if (isSame && position !== undefined) return position;
    forget();
    onChanged();
    return load();
  };

  const readSince = async (since: Position): Promise<Position> => {
    let rows = 0;
    const read = await snapshots.read(async (snapshot) => {
      await snapshot.readSince(since, (page) => {
        denyList.add(page);
        watched.saw(page);
        rows += page.length;
      });
      return snapshot.position;
    });
    rowsRead += rows;
    if (rows > 0) onChanged();
    return read;
  };

  return {
    async catchUp(history) {
      position = await loadIfOther(history);
      position = await readSince(position).catch((error) => {
        if (error instanceof HistoryError) forget();
        throw error;
      });
      return position;
    },
    position: () => position,
    rowsRead: () => rowsRead,
  };
}
