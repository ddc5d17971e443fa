/** What operators and their machines ask: is it alive, is it ready, what does it measure. */
import type { HttpParts } from '../app.ts';
import type { HttpApp } from '../bareApp.ts';

export interface OperationRouteParts extends Pick<HttpParts, 'readiness' | 'metrics'> {
  /** What operators should know, although all is ready. Not for everybody who can reach HTTP_PORT. */
  readonly warnings?: () => readonly string[];
}

/** What is answered whatever state the authority is in. */
export const operationPaths: readonly string[] = ['/health/live', '/health/ready', '/metrics'];

export function operationRoutes(
  app: HttpApp,
  { readiness, metrics, warnings = () => [] }: OperationRouteParts,
): void {
  app.get('/health/live', { schema: { summary: 'The process runs.' } }, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'live' }),
  );

  app.get(
    '/health/ready',
    { schema: { summary: 'Every part can do its work; 503 says which cannot.' } },
    async (_request, reply) => {
      const parts = await readiness();
      const told = warnings();
      const ready = Object.values(parts).every((state) => state === 'ready');
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ status: ready ? 'ready' : 'not_ready', parts, ...(told.length > 0 && { warnings: told }) });
    },
  );

  app.get(
    '/metrics',
    { schema: { summary: 'Metrics in the text format of Prometheus.' } },
    async (_request, reply) =>
      reply
        .header('cache-control', 'no-store')
        .type(metrics.contentType)
        .send(await metrics.text()),
  );
}
