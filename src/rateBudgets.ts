import type { RateBudgets } from './platform/rateLimits.ts';

/**
 * Requests per window, by scope. `address`: one address, possibly a whole office. `network`: at most a tenth of `global`, so that
 * no site can use up everybody's budget. `account`: one account from one address, that is one person or program. `global`: all
 * callers, more than a few nodes could answer anyway (a login takes 20 ms of a core).
 */
export const rateBudgets = {
  login: { address: 60, network: 600, account: 20, global: 6_000 },
  /** Rarer than a login, and each one adds a permanent row. */
  register: { address: 20, network: 120, account: 5, global: 1_200 },
  /** Each may send a mail; hours are counted, too (`accounts/mailBudgets.ts`). */
  mail: { address: 30, network: 120, account: 5, global: 1_200 },
  /** Pages of links in mails, and what they do. Tokens cannot be guessed. */
  links: { address: 60, network: 600, account: 20, global: 6_000 },
  /** No password to hash. `account` counts one session: a tab that refreshes every second is a mistake. */
  refresh: { address: 1_200, network: 6_000, account: 60, global: 60_000 },
  /** The second step of a login, and step-up: as many as logins, since each belongs to one. */
  factor: { address: 60, network: 600, account: 20, global: 6_000 },
  /** Options for a passkey: a page asks when its login form appears. Each call writes a row for five minutes. */
  passkey_options: { address: 120, network: 600, account: 20, global: 6_000 },
  /** Changing one's factors: seldom, and a QR code takes milliseconds. */
  factors: { address: 60, network: 300, account: 20, global: 3_000 },
  /** Two password hashes, by a logged-in user. */
  password: { address: 30, network: 120, account: 10, global: 1_200 },
  /** Logins with a code, without the password: starting one may send something, and hours and days are counted, too. */
  code_login: { address: 60, network: 600, account: 20, global: 6_000 },
  /** Sign-in with other providers: four requests each, and links. Providers are asked, too. */
  provider: { address: 120, network: 600, account: 20, global: 6_000 },
  /** A user's phone: adding one may send a message (`accounts/phone/limits.ts`). */
  phone: { address: 30, network: 120, account: 10, global: 1_200 },
  /** Requests at `/oauth2/` whose client could not prove itself, but for genuine refresh tokens, which are counted as `refresh`; others are not counted. */
  oauth: { address: 60, network: 600, account: 20, global: 6_000 },
  /** Requests of applications, with the cookie: each may store a code. A page that asks every second is a mistake. */
  authorize: { address: 1_200, network: 6_000, account: 60, global: 60_000 },
  /** Ending sessions: each call writes and notifies every node and subscriber, even for sessions that ended before. */
  sessions: { address: 120, network: 600, account: 30, global: 6_000 },
  /** Reading one's user and sessions, and pages that applications send browsers to. A service may ask for many users from one address. */
  reads: { address: 6_000, network: 30_000, account: 600, global: 300_000 },
  /** The API: a console that watches and lists, and services that have no gRPC. What it revokes has budgets of its own. */
  api: { address: 6_000, network: 30_000, account: 3_000, global: 300_000 },
} as const satisfies RateBudgets;
