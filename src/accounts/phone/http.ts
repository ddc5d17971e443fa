/** The user's phone over HTTP. */

import type { RequireRecentProof } from '../../login/factors/recentProof.ts';
import { forgetBrowser, hasRefreshCookieOf } from '../../sessions/refreshCookie.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import { noContent, operation } from '../../transport/http/route.ts';
import { accepted, phone, strict, text } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import type { RemovePhone } from './removePhone.ts';
import type { RequestPhone } from './requestPhone.ts';
import type { VerifyPhone } from './verifyPhone.ts';

export interface PhoneOperations {
  readonly requestPhone: RequestPhone;
  readonly verifyPhone: VerifyPhone;
  readonly removePhone: RemovePhone;
}

const requestBody = Type.Object({ phone }, strict);
const verifyBody = Type.Object({ code: text('The code of the message.') }, strict);

export function phoneRoutes(
  { requestPhone, verifyPhone, removePhone }: PhoneOperations,
  requireRecentProof: RequireRecentProof,
): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const places = rateLimits.placeHook('phone');
    const requestSchema = {
      body: requestBody,
      ...operation({
        summary: 'Send a code to my new phone',
        bearer: true,
        refusals: [400, 403, 429],
        response: accepted,
      }),
    };
    app.post('/auth/phone', { schema: requestSchema, ...places }, async (request, reply) => {
      const claims = await authenticate(request);
      const { sub: userId, sid: sessionId } = claims;
      await rateLimits.spend('phone', userId, request);
      await requireRecentProof(claims);
      await requestPhone(request.body.phone, { userId, sessionId }, request.actor);
      return reply.code(202).send({});
    });

    const verifySchema = {
      body: verifyBody,
      ...operation({
        summary: 'Prove my phone with the code: it becomes a second factor',
        bearer: true,
        refusals: [400, 429],
        response: noContent,
      }),
    };
    app.post('/auth/phone/verify', { schema: verifySchema, ...places }, async (request, reply) => {
      const { sub: userId, sid: sessionId } = await authenticate(request);
      await rateLimits.spend('phone', userId, request);
      await verifyPhone(request.body.code, { userId, sessionId }, request.actor);
      return reply.code(204).send(null);
    });

    const removeSchema = operation({
      summary: 'Remove my phone; every session for which it was proved ends',
      bearer: true,
      refusals: [404, 409, 429],
      response: noContent,
    });
    const removeOptions = { schema: removeSchema, config: { endsWithEffect: true }, ...places } as const;
    app.delete('/auth/phone', removeOptions, async (request, reply) => {
      const claims = await authenticate(request);
      const { sub: userId, sid: sessionId } = claims;
      await rateLimits.spend('phone', userId, request);
      await requireRecentProof(claims);
      const { endedOwn } = await removePhone({ userId, sessionId }, request.actor);
      if (endedOwn && hasRefreshCookieOf(request.headers, sessionId)) forgetBrowser(reply);
      return reply.code(204).send(null);
    });
  };
}
