/**
 * Liveness, readiness and metrics for operators and their tools. Strangers can read health on HTTP_PORT too, but only which part
 * is not ready; the operations port adds why, and metrics.
 */
import type { MetricsText } from '../../platform/observability/metricValues.ts';
import type { HttpParts } from './app.ts';
import type { HttpApp } from './bareApp.ts';

export interface HealthParts extends Pick<HttpParts, 'readiness'> {
  /** Problems although everything is ready. Not shown to strangers. */
  readonly warnings?: () => readonly string[];
}

/** Answered in every state of the authority. */
export const healthPaths: readonly string[] = ['/health/live', '/health/ready'];

/** With `why`, the answer names each part's problem in a few words. */
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

export function metricsRoute(app: HttpApp, { metrics }: { readonly metrics: MetricsText }): void {
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
