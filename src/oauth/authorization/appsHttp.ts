/** The applications of somebody else that have access to the caller's account, over HTTP. */
import { rfc3339 } from '@countersign/verifier/clock';
import { type ServiceId, type UserId, uuidPattern } from '@countersign/verifier/ids';
import type { MountRoutes } from '../../transport/http/app.ts';
import { noContent, operation } from '../../transport/http/route.ts';
import { strict, time } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import type { AllowedApp } from './consentStore.ts';
import type { TakeBackConsent } from './takeBackConsent.ts';

export interface AppOperations {
  readonly listApps: (userId: UserId) => Promise<readonly AllowedApp[]>;
  readonly takeBackConsent: TakeBackConsent;
}

const appsResponse = Type.Object({
  apps: Type.Array(
    Type.Object({
      client_id: Type.String(),
      name: Type.String({ description: 'As its operator registered it.' }),
      resources: Type.Array(Type.Object({ audience: Type.String(), scopes: Type.Array(Type.String()) })),
      granted_at: time,
    }),
  ),
});

const appParams = Type.Object({ id: Type.String({ pattern: uuidPattern }) }, strict);

export function appRoutes({ listApps, takeBackConsent }: AppOperations): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const listSchema = operation({
      summary: 'Applications that I allowed access, the latest first',
      bearer: true,
      refusals: [429],
      response: { 200: appsResponse },
    });
    app.get('/auth/apps', { schema: listSchema, ...rateLimits.placeHook('reads') }, async (request) => {
      const { sub } = await authenticate(request);
      await rateLimits.spend('reads', sub, request);
      const apps = await listApps(sub);
      return {
        apps: apps.map(({ clientId, name, resources, grantedAt }) => ({
          ...{ client_id: clientId, name, granted_at: rfc3339(grantedAt) },
          resources: resources.map(({ audience, scopes }) => ({ audience, scopes: [...scopes] })),
        })),
      };
    });

    const endSchema = {
      params: appParams,
      ...operation({
        summary: 'Take back what I allowed an application; its sessions of mine end',
        bearer: true,
        refusals: [400, 404, 429],
        response: noContent,
      }),
    };
    const config = { endsWithEffect: true } as const;
    const options = { schema: endSchema, config, ...rateLimits.placeHook('sessions') };
    app.delete('/auth/apps/:id', options, async (request, reply) => {
      const { sub: userId, sid: sessionId } = await authenticate(request);
      await rateLimits.spend('sessions', userId, request);
      await takeBackConsent(request.params.id as ServiceId, { userId, sessionId }, request.actor);
      return reply.code(204).send(null);
    });
  };
}
