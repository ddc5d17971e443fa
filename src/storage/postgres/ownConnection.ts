/**
 * A connection that one part keeps for itself, so that it waits for nobody in the pool. Work on it is done one piece at
 * a time; after a failure the next piece begins on a new connection.
 */
import type { Patience, PostgresEngine, SqlConnection } from './engine.ts';

export interface OwnConnection {
  /** Rejects with the fault of the work or of connecting. */
  use<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** Breaks off what is under way: it is only reading, and whoever waits for it is told. */
  close(): Promise<void>;
}

export function createOwnConnection(
  engine: Pick<PostgresEngine, 'connect'>,
  patience: Patience,
): OwnConnection {
  let open: SqlConnection | undefined;
  let busy: SqlConnection | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  const run = async <T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> => {
    if (closed) throw new Error('the connection was closed');
    const connection = open ?? (await engine.connect(patience));
    open = undefined;
    busy = connection;
    try {
      const result = await work(connection);
      open = connection;
      return result;
    } catch (error) {
      // It may be in the middle of anything: a transaction, or an answer that never ends.
      connection.abandon();
      throw error;
    } finally {
      busy = undefined;
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
      busy?.abandon();
      await last;
      open?.abandon();
      open = undefined;
    },
  };
}
