/** `@countersign/guard/express`: middleware that puts the caller into `req.caller`. For any framework with Connect middleware. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { certificateOf, sentFields, verifySent } from './bearer.ts';
import type { AccessTokenClaims } from './claims.ts';
import type { Guard } from './guard.ts';
import { GuardError, problemType } from './guardError.ts';
import type { VerifyOptions } from './verify.ts';

declare global {
  // Express's namespace for request extensions.
  namespace Express {
    interface Request {
      /** The access token's claims; set by the middleware. */
      caller?: AccessTokenClaims;
    }
  }
}

export interface RequireCallerOptions extends Pick<VerifyOptions, 'maxAgeSeconds' | 'acr'> {
  /** The scopes a request needs, all of them. */
  readonly scopes?: readonly string[] | ((request: IncomingMessage) => readonly string[] | undefined);
  /**
   * Scheme and host of this service as its clients see them, such as `https://api.example`: proofs are for an address. By default
   * what the request says. Set it when the service can be reached by another name, or through a proxy that Express does not trust.
   */
  readonly origin?: string;
  /**
   * The client's certificate as DER, for tokens that are bound to one. By default that of the connection. Behind a proxy that ends TLS: what
   * the proxy says, if the request is certainly from it.
   */
  readonly certificate?: (request: IncomingMessage) => Uint8Array | undefined;
}

export type GuardMiddleware = (
  request: IncomingMessage & { caller?: AccessTokenClaims },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/** Answers a request without a valid token itself: 401, 403 or 503. */
export function requireCaller(
  guard: Pick<Guard, 'verify'>,
  {
    scopes,
    maxAgeSeconds,
    acr,
    origin,
    certificate = ({ socket }) => certificateOf(socket),
  }: RequireCallerOptions = {},
): GuardMiddleware {
  return async (request, response, next) => {
    try {
      const needed = typeof scopes === 'function' ? scopes(request) : scopes;
      const requestOf = () => {
        const url = (origin ?? originOf(request)) + pathOf(request);
        return { method: request.method ?? '', url };
      };
      const options = { scopes: needed, maxAgeSeconds, acr, certificate: () => certificate(request) };
      request.caller = await verifySent(guard, sentFields(request.headers), requestOf, options);
    } catch (error) {
      if (!(error instanceof GuardError)) return next(error);
      // Another handler, such as a timeout, may have answered while the authority was asked.
      if (response.headersSent) return undefined;
      response.writeHead(error.status, { ...error.headers, 'content-type': problemType });
      response.end(JSON.stringify(error.problem()));
      return undefined;
    }
    return next();
  };
}

/** Express knows the scheme behind a proxy that it trusts. */
function originOf(request: IncomingMessage & { readonly protocol?: string }): string {
  const isEncrypted = (request.socket as { readonly encrypted?: boolean }).encrypted === true;
  return `${request.protocol ?? (isEncrypted ? 'https' : 'http')}://${request.headers.host ?? ''}`;
}

/** Express takes off the path of a router. */
function pathOf({
  url = '',
  originalUrl = url,
}: IncomingMessage & { readonly originalUrl?: string }): string {
  return originalUrl;
}
