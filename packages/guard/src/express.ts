/** `@countersign/guard/express`: middleware that puts the caller into `req.caller`. For any framework with Connect middleware. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { verifyBearer } from './bearer.ts';
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
}

export type GuardMiddleware = (
  request: IncomingMessage & { caller?: AccessTokenClaims },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/** Answers a request without a valid token itself: 401, 403 or 503. */
export function requireCaller(
  guard: Pick<Guard, 'verify'>,
  { scopes, maxAgeSeconds, acr }: RequireCallerOptions = {},
): GuardMiddleware {
  return async (request, response, next) => {
    try {
      const needed = typeof scopes === 'function' ? scopes(request) : scopes;
      request.caller = await verifyBearer(guard, request.headers.authorization, {
        ...{ scopes: needed, maxAgeSeconds, acr },
      });
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
