/** `@countersign/guard/fastify`: sets `request.caller` on every route behind the plugin. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { certificateOf, sentFields, verifySent } from './bearer.ts';
import type { AccessTokenClaims } from './claims.ts';
import type { Guard } from './guard.ts';
import { GuardError, problemType } from './guardError.ts';
import type { VerifyOptions } from './verify.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The access token's claims; null on public routes, and before the hook has run. */
    caller: AccessTokenClaims | null;
  }
}

/** The scopes a request needs, all of them. */
export type ScopesOf = readonly string[] | ((request: FastifyRequest) => readonly string[] | undefined);

export interface CallerOptions extends Pick<VerifyOptions, 'maxAgeSeconds' | 'acr'> {
  readonly scopes?: ScopesOf;
  /**
   * Scheme and host of this service as its clients see them, such as `https://api.example`: proofs are for an address. By default
   * what the request says. Set it when the service can be reached by another name, or through a proxy that Fastify does not trust.
   */
  readonly origin?: string;
  /**
   * The client's certificate as DER, for tokens that are bound to one. By default that of the connection. Behind a proxy that ends TLS: what
   * the proxy says, if the request is certainly from it.
   */
  readonly certificate?: (request: FastifyRequest) => Uint8Array | undefined;
}

export interface GuardPluginOptions extends CallerOptions {
  readonly guard: Pick<Guard, 'verify'>;
  /** Requests for which it returns true need no token and have no caller. */
  readonly isPublic?: (request: FastifyRequest) => boolean;
}

/**
 * A hook for single routes, as `onRequest` or `preHandler`. Register the plugin as well: it defines `request.caller`. Its
 * `isPublic` must exclude the routes of this hook and those without a token.
 */
export function requireCaller(
  guard: Pick<Guard, 'verify'>,
  {
    scopes,
    maxAgeSeconds,
    acr,
    origin,
    certificate = ({ socket }) => certificateOf(socket),
  }: CallerOptions = {},
) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const needed = typeof scopes === 'function' ? scopes(request) : scopes;
    try {
      const requestOf = () => {
        const url = (origin ?? `${request.protocol}://${request.host}`) + request.originalUrl;
        return { method: request.method, url };
      };
      const options = { scopes: needed, maxAgeSeconds, acr, certificate: () => certificate(request) };
      request.caller = await verifySent(guard, sentFields(request.headers), requestOf, options);
      return undefined;
    } catch (error) {
      if (!(error instanceof GuardError)) throw error;
      const body = JSON.stringify(error.problem(request.id));
      return reply.code(error.status).headers(error.headers).type(problemType).send(body);
    }
  };
}

/** For `app.register`: guards every route of its instance. */
export async function guardPlugin(app: FastifyInstance, options: GuardPluginOptions): Promise<void> {
  const { guard, isPublic = () => false, ...needed } = options;
  const guardIt = requireCaller(guard, needed);
  app.decorateRequest('caller', null);
  // Runs before the body is read, so that a refused request costs little.
  app.addHook('onRequest', async (request, reply) =>
    isPublic(request) ? undefined : guardIt(request, reply),
  );
}

/** Tells Fastify not to encapsulate the plugin, which would guard no routes. */
Object.assign(guardPlugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'countersign',
});
