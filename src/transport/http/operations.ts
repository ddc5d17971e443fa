/**
 * The operations port: health and metrics, from the beginning of a start to the end of a stop. An orchestrator then neither kills
 * the process nor sends it work while its database is away or its deny-list loads; and every connection to HTTP_PORT or GRPC_PORT
 * is served.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { Log } from '../../platform/observability/log.ts';
import type { MetricsText } from '../../platform/observability/metricValues.ts';
import { createBareApp, type HttpApp, listen } from './bareApp.ts';
import { type HealthParts, healthRoutes, metricsRoute } from './health.ts';

export interface Operations {
  readonly port: number;
  close(): Promise<void>;
}

export interface OperationsParts extends HealthParts {
  readonly metrics: MetricsText;
  readonly host: string;
  readonly port: number;
  /** Takes any free port when this one is in use. */
  readonly orAnyPort: boolean;
  /** Ports needed later. */
  readonly reserved: readonly number[];
  readonly log: Log;
}

/** Throws `StartupError` when the address is in use and only this port will do. */
export async function openOperations(parts: OperationsParts): Promise<Operations> {
  const { port } = parts;
  const any = { ...parts, port: 0 };
  if (port === 0) return open(any);
  if (!parts.orAnyPort) return open(parts);
  return parts.reserved.includes(port) ? open(any) : open(parts).catch(() => open(any));
}

async function open(parts: OperationsParts): Promise<Operations> {
  const app = await createOperationsApp(parts);
  const port = await listen(app, 'OPERATIONS_PORT', parts).catch(async (error) => {
    await app.close();
    throw error;
  });
  const close = async () => {
    const closed = app.close();
    app.server.closeAllConnections();
    await closed;
  };
  if (parts.port !== 0 || !parts.reserved.includes(port)) return { port, close };
  // The free port happens to be a reserved one. Held until another is found, so that it is not given again.
  const another = await open(parts).finally(close);
  return another;
}

async function createOperationsApp(parts: OperationsParts): Promise<HttpApp> {
  const app = await createBareApp({
    log: parts.log,
    elsewhere: () => new AuthorityError('not_found'),
    onRefusal: (_requestId, { code }, err) => {
      if (code === 'internal') parts.log.error({ err }, 'a request of operations failed');
    },
  });
  healthRoutes(app, { ...parts, why: true });
  metricsRoute(app, parts);
  return app;
}
