/** `GET /auth/session/end`: a page waits here, and learns within a second that its session has ended. */
import type { MountRoutes } from '../transport/http/app.ts';
import { operation } from '../transport/http/route.ts';
import { Type } from '../transport/http/typebox.ts';
import type { WaitForEnd } from './waitForEnd.ts';

const answered = Type.Object({
  ended: Type.Boolean({ description: 'False after half a minute without an end: ask again.' }),
});

export function waitForEndRoute({ wait, release }: WaitForEnd): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const schema = operation({
      summary: 'Waits until my session has ended',
      bearer: true,
      refusals: [429],
      response: { 200: answered },
    });
    app.get('/auth/session/end', { schema, ...rateLimits.placeHook('reads') }, async (request, reply) => {
      const { sub: userId, sid: sessionId, iat } = await authenticate(request);
      await rateLimits.spend('reads', userId, request);
      const onGone = (stop: () => void) => void reply.raw.once('close', stop);
      return { ended: await wait({ userId, sessionId, issuedAt: iat * 1000 }, onGone) };
    });
    app.addHook('preClose', async () => release());
  };
}
