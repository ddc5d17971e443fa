/** `@countersign/guard/express`: middleware that says who calls, in `req.caller`. For whatever takes Connect's middleware. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { verifyBearer } from './bearer.ts';
import type { AccessTokenClaims } from './claims.ts';
import type { Guard } from './guard.ts';
import { GuardError, problemType } from './guardError.ts';

declare global {
  // The name by which Express lets others extend its requests.
  namespace Express {
    interface Request {
      /** The claims of the access token, behind the middleware. */
      caller?: AccessTokenClaims;
    }
  }
}

export interface RequireCallerOptions {
  /** Which scopes a request needs, all of them. */
  readonly scopes?: readonly string[] | ((request: IncomingMessage) => readonly string[] | undefined);
}

export type GuardMiddleware = (
  request: IncomingMessage & { caller?: AccessTokenClaims },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/** Answers by itself when the token is not good: 401, 403 or 503. */
export function requireCaller(
  guard: Pick<Guard, 'verify'>,
  { scopes }: RequireCallerOptions = {},
): GuardMiddleware {
  return async (request, response, next) => {
    try {
      const needed = typeof scopes === 'function' ? scopes(request) : scopes;
      request.caller = await verifyBearer(guard, request.headers.authorization, needed);
    } catch (error) {
      if (!(error instanceof GuardError)) return next(error);
      // Such as by a time limit, while the authority was asked.
      if (response.headersSent) return undefined;
      response.writeHead(error.status, { ...error.headers, 'content-type': problemType });
      response.end(JSON.stringify(error.problem()));
      return undefined;
    }
    return next();
  };
}
