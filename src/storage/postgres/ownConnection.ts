/**
 * A connection that one part keeps for itself, so that it waits for nobody in the pool. Work on it is done one piece at
 * a time; after a failure the next piece begins on a new connection.
 */
import type { PostgresEngine, SqlConnection } from './engine.ts';

export interface OwnConnection {
  /** Rejects with the fault of the work or of connecting. */
  use<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Nothing on it takes longer than `timeoutMs` for one query. */
export function createOwnConnection(
  engine: Pick<PostgresEngine, 'connect'>,
  timeoutMs: number,
): OwnConnection {
  let open: SqlConnection | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  const run = async <T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> => {
    if (closed) throw new Error('the connection was closed');
    const connection = open ?? (await engine.connect(timeoutMs));
    open = undefined;
    try {
      const result = await work(connection);
      open = connection;
      return result;
    } catch (error) {
      // It may be in the middle of anything: a transaction, or an answer that never ends.
      connection.abandon();
      throw error;
    }
  };

  return {
    use(work) {
      const result = last.then(() => run(work));
      last = result.catch(() => {});
      return result;
    },
    async close() {
      closed = true;
      await last;
      await open?.close();
      open = undefined;
    },
  };
}
