/** How many mails an address gets because somebody asked: counted by the hour, over all nodes. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { IsKnownPlace } from '../login/throttling/passwordAttempts.ts';
import { ipNetwork } from '../platform/ipAddress.ts';
import { platformLimits } from '../platform/limits.ts';
import type { RateCaller } from '../platform/rateLimits.ts';
import { createSpendWindows } from '../platform/windowBudgets.ts';
import type { Email } from './email.ts';
import { accountLimits } from './limits.ts';

type MailKind = keyof typeof accountLimits.mailBudgets;

/** False when the address has had enough mails of this kind. The caller answers as if it had been sent, or throws `tooManyMails`. */
export type SpendMail = (kind: MailKind, email: Email, by: RateCaller) => Promise<boolean>;

interface MailBudget {
  readonly network: number;
  readonly address: number;
  readonly apart?: boolean;
}

/** `counting`: undefined when rate limits are off. */
export function createMailBudgets(
  counting: Parameters<typeof createSpendWindows>[0],
  isKnownPlace: IsKnownPlace,
): SpendMail {
  const spend = createSpendWindows(counting, 'mail');
  const { mailWindowMilliseconds: windowMilliseconds } = accountLimits;
  return async (kind, email, by) => {
    const { ip } = by;
    const from = ip === undefined ? 'unknown' : ipNetwork(ip, platformLimits.knownNetwork);
    const { network, address, apart = false }: MailBudget = accountLimits.mailBudgets[kind];
    // For every address, whether somebody has it or not: the same work.
    const isKnown = apart && (await isKnownPlace(email, { ip }));
    // The network first: what it is refused takes nothing from others.
    const budgets = [
      { name: [kind, email, from], budget: network, windowMilliseconds },
      { name: isKnown ? [kind, email, 'known'] : [kind, email], budget: address, windowMilliseconds },
    ];
    return spend(budgets, by);
  };
}

/** For a caller who is known: the answer may say that nothing was sent. */
export function tooManyMails(): AuthorityError {
  return new AuthorityError('rate_limited', {
    detail: 'Enough mails were sent to this address; try again in an hour.',
    retryAfterSeconds: accountLimits.mailWindowMilliseconds / 1_000,
    reason: 'mail_budget',
  });
}
