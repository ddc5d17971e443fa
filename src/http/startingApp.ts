/**
 * What answers until the authority is open: alive, not ready, and for what it waits. An orchestrator then neither kills the
 * process nor sends it work, however long its database is away or its deny-list takes to load.
 */
import { AuthorityError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Log } from '../observability/log.ts';
import { createBareApp, listen } from './bareApp.ts';

export interface StartingApp {
  close(): Promise<void>;
}

/** `waitingFor`: a few words on what keeps it from being ready. Throws `StartupError` when the address is in use. */
export async function openStartingApp(parts: {
  host: string;
  port: number;
  log: Log;
  waitingFor: () => string;
}): Promise<StartingApp> {
  const elsewhere = () =>
    new AuthorityError('unavailable', { retryAfterSeconds: limits.startRetrySeconds, reason: 'starting' });
  const app = await createBareApp({ log: parts.log, elsewhere, onRefusal: () => {} });
  app.get('/health/live', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'live' }),
  );
  app.get('/health/ready', async (_request, reply) =>
    reply
      .code(503)
      .header('cache-control', 'no-store')
      .send({ status: 'not_ready', parts: { process: parts.waitingFor() } }),
  );
  await listen(app, parts);
  return {
    async close() {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}
