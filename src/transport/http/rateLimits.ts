/**
 * How often a route may be called: by one network, by one address, for one account, by all together. Counted one after the
 * other and no further than the first that is used up, so that neither an address nor a site can use up what others share. What is
 * refused in the end, by a budget or because there is too much work, is given back.
 * What is left is told as draft-ietf-httpapi-ratelimit-headers-10 describes, but for what neighbours or all have in common,
 * which is nobody's business.
 */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import rateLimit, { type FastifyRateLimitStore, type FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ipNetwork, type PrefixLengths } from '../../platform/ipAddress.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { limits } from '../../platform/limits.ts';
import type { LimitedOperation, RateCounters, RateScope } from '../../platform/rateCounters.ts';
import type { HttpApp } from './bareApp.ts';

export interface RateLimitParts {
  readonly counters: RateCounters;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Every budget is multiplied by it. */
  readonly scale: number;
  /** Counts are kept under such names, so that they are no list of addresses or users. */
  readonly keyedHash: KeyedHash;
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

export interface RateLimits {
  /**
   * For the options of a route: where it comes from is counted before the body is read, whom it is about when that has been
   * validated. `accountOf`: by what it says; undefined for what is refused anyway. What all have together is left for
   * `spendGlobal`.
   */
  hooks(
    operation: LimitedOperation,
    accountOf: (request: FastifyRequest) => string | undefined,
  ): { readonly onRequest: Hook; readonly preHandler: Hook };
  /** The first half of that, for routes that know only later who calls. */
  placeHook(operation: LimitedOperation): { readonly onRequest: Hook };
  /** Of what all have together, for what might succeed: what anybody can make up takes nothing from the others. Throws `rate_limited`. */
  spendGlobal(operation: LimitedOperation, request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** The account, and all together. Throws `rate_limited`. */
  spend(
    operation: LimitedOperation,
    account: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void>;
}

/** Without parts, nothing is limited. */
export async function createRateLimits(app: HttpApp, parts: RateLimitParts | undefined): Promise<RateLimits> {
  const check = parts === undefined ? async () => {} : await createCheck(app, parts);
  const placeHook: RateLimits['placeHook'] = (operation) => ({
    async onRequest(request, reply) {
      // The network first, so that none can fill what is kept of addresses.
      await check(operation, 'network', '', request, reply);
      await check(operation, 'address', '', request, reply);
    },
  });
  return {
    async spend(operation, account, request, reply) {
      await check(operation, 'account', account, request, reply);
      await check(operation, 'global', '', request, reply);
    },
    spendGlobal: (operation, request, reply) => check(operation, 'global', '', request, reply),
    placeHook,
    hooks: (operation, accountOf) => ({
      ...placeHook(operation),
      async preHandler(request, reply) {
        const account = accountOf(request);
        if (account !== undefined) await check(operation, 'account', account, request, reply);
      },
    }),
  };
}

type Check = (
  operation: LimitedOperation,
  scope: RateScope,
  account: string,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<void>;

interface Counted {
  readonly counter: string;
  /** On the clock that never steps back: when its window ends. */
  readonly endsAt: number;
}

async function createCheck(app: HttpApp, parts: RateLimitParts): Promise<Check> {
  const { counters, clock, scale, keyedHash } = parts;
  await app.register(rateLimit, { global: false, store: storeOver(counters) });
  const name = (...about: readonly string[]) => keyedHash(...about).toString('base64url');
  const names = new WeakMap<FastifyRequest, string>();
  const counted = new WeakMap<FastifyRequest, Counted[]>();
  const take = app.createRateLimit({
    keyGenerator: (request) => names.get(request) ?? '',
    max: (_request, key) => budgetOf(key),
    timeWindow: limits.rateWindowMilliseconds,
  });
  const budgetOf = (key: string) => {
    const [operation, scope] = key.split(':') as [LimitedOperation, RateScope];
    return Math.max(1, Math.round(limits.rates[operation][scope] * scale));
  };

  app.addHook('onSend', (request, { statusCode }, payload, done) => {
    // Not waited for: what comes next from here is counted behind it.
    if (statusCode === 429 || statusCode === 503)
      for (const { counter, endsAt } of counted.get(request) ?? [])
        void counters.giveBack(counter, budgetOf(counter), endsAt - clock.monotonic());
    done(null, payload);
  });

  return async (operation, scope, account, request, reply) => {
    const address = placeOf(request, limits.rateAddress);
    const network = placeOf(request, limits.rateNetwork);
    const whose = { address: [address], network: [network], account: [account, address], global: [] }[scope];
    const counter = `${operation}:${scope}:${name(operation, scope, ...whose)}`;
    names.set(request, counter);
    const taken = await take(request);
    if (taken.isAllowed) return;
    const endsAt = clock.monotonic() + taken.ttl;
    counted.set(request, [...(counted.get(request) ?? []), { counter, endsAt }]);
    const { max, remaining, isExceeded } = taken;
    const seconds = Math.max(1, taken.ttlInSeconds);
    if (told.includes(scope)) {
      addItem(reply, 'ratelimit-policy', `"${scope}";q=${max};w=${limits.rateWindowMilliseconds / 1000}`);
      addItem(reply, 'ratelimit', `"${scope}";r=${remaining};t=${seconds}`);
    }
    if (!isExceeded) return;
    throw new AuthorityError('rate_limited', {
      detail: `${refusals[scope]}; try again in ${seconds} s.`,
      retryAfterSeconds: seconds,
      reason: `${operation}_${scope}`,
    });
  };
}

/** The scopes of which the caller learns what is left. */
const told: readonly RateScope[] = ['address', 'account'];

const refusals: Readonly<Record<RateScope, string>> = {
  address: 'Too many requests from this address',
  network: 'Too many requests from this network',
  account: 'Too many requests for this account',
  global: 'Too many requests at the moment',
};

/** What is no address, as a proxy may have passed it on, is one together. */
function placeOf({ clientIp }: FastifyRequest, lengths: PrefixLengths): string {
  return clientIp === undefined ? 'unknown' : ipNetwork(clientIp, lengths);
}

/** One more member of a list (RFC 9651 §3.1). */
function addItem(reply: FastifyReply, header: string, item: string): void {
  const before = reply.getHeader(header);
  reply.header(header, before === undefined ? item : `${before}, ${item}`);
}

/** The library's way to ask for a count. */
function storeOver(counters: RateCounters): FastifyRateLimitStoreCtor {
  return class implements FastifyRateLimitStore {
    incr(...[key, done, windowMs, budget]: Parameters<FastifyRateLimitStore['incr']>): void {
      counters.increment(key, windowMs, budget).then(
        ({ count, remainingMs }) => done(null, { current: count, ttl: remainingMs }),
        (error) => done(error),
      );
    }

    child(): this {
      return this;
    }
  };
}
