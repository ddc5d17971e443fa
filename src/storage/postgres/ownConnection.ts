/**
 * A connection reserved for one part, so that it never waits for the pool. Runs one piece of work at a time; after a failure the
 * next one uses a new connection.
 */
import type { Patience, PostgresEngine, SqlConnection } from './engine.ts';

export interface OwnConnection {
  /** Rejects with the fault of the work or of connecting. */
  use<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** Breaks off work in progress: it only reads, and its caller gets an error. */
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
      // Its state is unknown: inside a transaction, or waiting for an endless answer.
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
