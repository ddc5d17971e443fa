/**
 * How much a service may revoke in a minute, counted over all nodes: targets that it could invent without limit, and those that
 * harm many users. The operator has no budget. Repetitions are free; the caller checks that.
 */

import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../audit/auditEvent.ts';
import { countRequest, type RateLimitParts } from '../platform/rateLimits.ts';
import { revocationLimits } from './limits.ts';

export type RevokeBudget = keyof typeof revocationLimits.revokeBudgets;

/** Throws `rate_limited` when the budget is used up. */
export type SpendRevokeBudget = (budget: RevokeBudget, actor: Actor) => Promise<void>;

export interface RevokeBudgetParts {
  /** Undefined when rate limits are off. */
  readonly rateLimits: Pick<RateLimitParts, 'counters' | 'scale' | 'keyedHash'> | undefined;
  /** `first`: the first refusal in this window. */
  readonly onUsedUp: (service: string, budget: RevokeBudget, first: boolean) => void;
}

const serviceActor = /^service:(.*)$/;

export function createRevokeBudgets({ rateLimits, onUsedUp }: RevokeBudgetParts): SpendRevokeBudget {
  if (rateLimits === undefined) return async () => {};
  return async (budget, { name: actor }) => {
    const service = serviceActor.exec(actor)?.[1];
    if (service === undefined) return;
    const name = rateLimits.keyedHash('revoke', budget, service).toString('base64url');
    const counter = `revoke:${budget}:${name}`;
    const counted = await countRequest(rateLimits, counter, revocationLimits.revokeBudgets[budget]);
    const { allowed, count, seconds } = counted;
    if (count <= allowed) return;
    onUsedUp(service, budget, count === allowed + 1);
    throw new AuthorityError('rate_limited', {
      detail: `This service may revoke ${allowed} ${described[budget]} in a minute; try again in ${seconds} s.`,
      retryAfterSeconds: seconds,
      reason: `revoke_${budget}`,
    });
  };
}

const described: Readonly<Record<RevokeBudget, string>> = {
  external_ids: 'external ids',
  jtis: 'tokens by jti',
  users: 'users',
  filters: 'clients and filters',
  named_requests: 'targets by a new request_id',
};
