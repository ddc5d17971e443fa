/**
 * Rate limits of a route. Network and address are counted before the body is read, the account once known, so that none of them
 * can use up the shared budget. Reports the rest as in draft-ietf-httpapi-ratelimit-headers-10, but not budgets shared with
 * others.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { platformLimits } from '../../platform/limits.ts';
import type { RateScope } from '../../platform/rateCounters.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import type { HttpApp } from './bareApp.ts';

type Hook = (request: FastifyRequest) => Promise<void>;

export interface RouteLimits {
  /** For routes that identify the caller later. */
  placeHook(operation: string): { readonly onRequest: Hook };
  /** With the account named in the validated body; `accountOf` returns undefined for a body that is refused anyway. */
  hooks(
    operation: string,
    accountOf: (request: FastifyRequest) => string | undefined,
  ): { readonly onRequest: Hook; readonly preHandler: Hook };
  /** Counts for the account, then for all callers. Throws `rate_limited`. */
  spend(operation: string, account: string, request: FastifyRequest): Promise<void>;
}

export function createRouteLimits(app: HttpApp, rateLimits: RateLimits): RouteLimits {
  app.addHook('onSend', (request, reply, payload, done) => {
    const caller = request.actor;
    tell(reply, rateLimits.spentBy(caller));
    if (reply.statusCode === 429 || reply.statusCode === 503) rateLimits.giveBack(caller);
    done(null, payload);
  });
  const placeHook: RouteLimits['placeHook'] = (operation) => ({
    async onRequest(request) {
      // The network first: one network cannot fill the memory of counted addresses.
      await rateLimits.spend(request.actor, operation, 'network');
      await rateLimits.spend(request.actor, operation, 'address');
    },
  });
  return {
    placeHook,
    hooks: (operation, accountOf) => ({
      ...placeHook(operation),
      async preHandler(request) {
        const account = accountOf(request);
        if (account !== undefined) await rateLimits.spend(request.actor, operation, 'account', account);
      },
    }),
    async spend(operation, account, request) {
      await rateLimits.spend(request.actor, operation, 'account', account);
      await rateLimits.spend(request.actor, operation, 'global');
    },
  };
}

/** Scopes whose rest the caller learns. */
const told: readonly RateScope[] = ['address', 'account'];

function tell(reply: FastifyReply, spent: ReturnType<RateLimits['spentBy']>): void {
  const own = spent.filter(({ scope }) => told.includes(scope));
  if (own.length === 0) return;
  const window = platformLimits.rateWindowMilliseconds / 1000;
  // Lists of RFC 9651 §3.1.
  reply.header(
    'ratelimit-policy',
    own.map(({ scope, budget }) => `"${scope}";q=${budget};w=${window}`).join(', '),
  );
  reply.header(
    'ratelimit',
    own.map(({ scope, remaining, seconds }) => `"${scope}";r=${remaining};t=${seconds}`).join(', '),
  );
}
