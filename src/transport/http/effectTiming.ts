/** `Server-Timing: effect;dur=12.3` of answers that mean "it has ended, and no service accepts it any more". */
import type { HttpApp } from './bareApp.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A success means that something has ended with effect. */
    readonly endsWithEffect?: true;
  }
}

/** Milliseconds from the request's arrival until it was in effect: an operation answers as soon as that is so. */
export function sayEffectTime(app: HttpApp): void {
  app.addHook('onSend', ({ routeOptions }, reply, payload, done) => {
    if (routeOptions.config?.endsWithEffect && reply.statusCode < 300)
      reply.header('server-timing', `effect;dur=${reply.elapsedTime.toFixed(1)}`);
    done(null, payload);
  });
}
