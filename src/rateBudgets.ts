import type { RateBudgets } from './platform/rateLimits.ts';

/**
 * Requests in a window: of one address, which may be a whole office; of one network, a tenth of all at most, so that no site
 * can use up what is everybody's; of one account from one address, which is a person or a program; of all together, which no
 * installation of a few nodes could answer anyway (a login is 20 ms of a core).
 */
export const rateBudgets = {
  login: { address: 60, network: 600, account: 20, global: 6_000 },
  /** Rarer than a login, and each makes a row for ever. */
  register: { address: 20, network: 120, account: 5, global: 1_200 },
  /** No password to hash. An account is a session here: a tab that refreshes every second is a mistake. */
  refresh: { address: 1_200, network: 6_000, account: 60, global: 60_000 },
  /** Two hashes, by somebody who is logged in. */
  password: { address: 30, network: 120, account: 10, global: 1_200 },
  /** Ends of sessions by whoever is logged in: each writes, and tells all nodes and subscribers, also of what had ended already. */
  sessions: { address: 120, network: 600, account: 30, global: 6_000 },
  /** Who I am, and a page of my sessions. A service may ask for many users from one address. */
  reads: { address: 6_000, network: 30_000, account: 600, global: 300_000 },
} as const satisfies RateBudgets;
