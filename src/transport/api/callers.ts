/**
 * Who calls over HTTP: a service with its token, or a user whose access token is for the API (`aud`) and carries permissions as
 * scopes. Both need what the method's row says, as over gRPC. A user also needs a second factor, and for a change a proof that is
 * at most ten minutes old and a reason. Only the Authorization header is read, never a cookie: no other site can call for a user.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { type AccessTokenClaims, userOf } from '@countersign/verifier/tokens/accessTokenClaims';
import { isAuthenticated, type NeededAuthentication } from '@countersign/verifier/tokens/bearerToken';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../audit/auditEvent.ts';
import type { AuthenticateService } from '../../services/authenticateService.ts';
import { type Caller, requirePermission } from '../grpc/callers.ts';
import type { MethodRow } from '../grpc/methodRow.ts';
import { type Authenticate, sentToken } from '../http/caller.ts';
import { apiLimits } from './limits.ts';

/** Percent-encoded UTF-8. */
export const reasonHeader = 'countersign-reason';

export interface AdmittedCall {
  readonly caller: Caller;
  /** Rejects when the caller may not go on watching. */
  again(): Promise<unknown>;
  /** Throws for a change that the caller may not make now; call it when the request is known. */
  requireProof(dryRun: boolean): void;
}

export interface ApiCallers {
  /** Throws `token_required`, `invalid_token`, `permission_denied`, or `insufficient_user_authentication`. */
  admit(request: FastifyRequest, row: MethodRow): Promise<AdmittedCall>;
}

export interface ApiCallerParts {
  readonly authenticateService: AuthenticateService;
  /** Accepts users' tokens for the API. */
  readonly authenticateUser: Authenticate;
  /** The same without the proof of a key, which is good once. Rejects with `invalid_token`. */
  readonly isStillValid: (token: string) => Promise<unknown>;
  readonly clock: Pick<Clock, 'now'>;
}

export function createApiCallers(parts: ApiCallerParts): ApiCallers {
  const { authenticateService, authenticateUser, isStillValid, clock } = parts;

  const ofService = async (token: string, request: FastifyRequest, row: MethodRow): Promise<Caller> => {
    const service = await authenticateService({ token });
    if (service === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_service_token' });
    const { name, permissions, audiences } = service;
    const actor = actorOf(`service:${name}`, request);
    return permitted({ name, permissions, audiences, actor }, row);
  };

  return {
    async admit(request, row) {
      const sent = sentToken(request);
      if (sent === undefined) throw new AuthorityError('token_required');
      const { token } = sent;
      if (token.startsWith('st_')) {
        const caller = await ofService(token, request, row);
        return { caller, again: () => ofService(token, request, row), requireProof() {} };
      }
      const claims = await authenticateUser(request);
      const caller = permitted(userCaller(request, claims), row);
      requireAuthenticated(claims, { acr: '2fa' }, clock.now());
      return {
        caller,
        again: () => isStillValid(token),
        requireProof(dryRun) {
          if (row.act === undefined || dryRun) return;
          const { apiProofSeconds: maxAgeSeconds } = apiLimits;
          requireAuthenticated(claims, { maxAgeSeconds, acr: '2fa' }, clock.now());
          if (caller.actor?.why === undefined)
            throw invalidField(reasonHeader, 'required', 'the audit log needs a reason for every change');
        },
      };
    },
  };
}

function actorOf(name: string, request: FastifyRequest): Actor {
  const { requestId, ip } = request.actor;
  return { name, requestId, ip, why: reasonOf(request) };
}

function userCaller(request: FastifyRequest, claims: AccessTokenClaims): Caller {
  const userId = userOf(claims);
  if (userId === undefined || claims.act !== undefined)
    throw new AuthorityError('permission_denied', {
      detail: 'A service calls with its service token.',
      reason: 'not_of_a_user',
    });
  const name = `user:${userId}`;
  const permissions = claims.scope.split(' ');
  return { name, isUser: true, audiences: [], permissions, actor: actorOf(name, request) };
}

function permitted(caller: Caller, { permission }: MethodRow): Caller {
  if (permission !== 'by_request') requirePermission(caller, permission);
  return caller;
}

function requireAuthenticated(claims: AccessTokenClaims, needed: NeededAuthentication, now: number): void {
  if (isAuthenticated(claims, needed, now)) return;
  throw new AuthorityError('insufficient_user_authentication', {
    needed,
    detail: 'Prove who you are with a second factor or a passkey (POST /auth/step-up), then try again.',
  });
}

function reasonOf({ headers }: FastifyRequest): string | undefined {
  const given = headers[reasonHeader];
  if (given === undefined) return undefined;
  const text = typeof given === 'string' ? decoded(given) : undefined;
  const { apiReasonCharacters: most } = apiLimits;
  if (text !== undefined && text.trim() !== '' && text.length <= most) return text;
  throw invalidField(reasonHeader, 'format', `must be 1 to ${most} characters, as percent-encoded UTF-8`);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
