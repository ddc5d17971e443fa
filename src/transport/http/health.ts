/**
 * What operators and their machines ask: is it alive, is it ready, what does it measure. Strangers can ask for the health on
 * HTTP_PORT, too, and are told which part is not ready; why is told on the operations port, as are metrics.
 */
import type { HttpParts } from './app.ts';
import type { HttpApp } from './bareApp.ts';

export interface HealthParts extends Pick<HttpParts, 'readiness'> {
  /** What operators should know, although all is ready. Not for strangers. */
  readonly warnings?: () => readonly string[];
}

/** What is answered whatever state the authority is in. */
export const healthPaths: readonly string[] = ['/health/live', '/health/ready'];

/** With `why`, the answer says in a few words what is wrong with a part. */
export function healthRoutes(
  app: HttpApp,
  { readiness, warnings = () => [], why }: HealthParts & { readonly why: boolean },
): void {
  app.get('/health/live', { schema: { summary: 'The process runs.' } }, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'live' }),
  );

  app.get(
    '/health/ready',
    { schema: { summary: 'Every part can do its work; 503 says which cannot.' } },
    async (_request, reply) => {
      const states = Object.entries(await readiness());
      const told = why ? warnings() : [];
      const ready = states.every(([, state]) => state === 'ready');
      const shown = (state: string) => (why || state === 'ready' ? state : 'not_ready');
      const parts = Object.fromEntries(states.map(([part, state]) => [part, shown(state)]));
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ status: ready ? 'ready' : 'not_ready', parts, ...(told.length > 0 && { warnings: told }) });
    },
  );
}

export function metricsRoute(app: HttpApp, { metrics }: Pick<HttpParts, 'metrics'>): void {
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
