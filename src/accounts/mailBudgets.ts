/** How many mails an address gets because somebody asked: counted by the hour, over all nodes. */
import { ipNetwork } from '../platform/ipAddress.ts';
import { platformLimits } from '../platform/limits.ts';
import type { RateLimitParts } from '../platform/rateLimits.ts';
import type { Email } from './email.ts';
import { accountLimits } from './limits.ts';

type MailKind = keyof typeof accountLimits.mailBudgets;

/** False when the address has had enough mails of this kind. The caller answers as if it had been sent. */
export type SpendMail = (kind: MailKind, email: Email, ip: string | undefined) => Promise<boolean>;

/** `counting`: undefined when rate limits are off. */
export function createMailBudgets(
  counting: Pick<RateLimitParts, 'counters' | 'scale' | 'keyedHash'> | undefined,
): SpendMail {
  if (counting === undefined) return async () => true;
  const { counters, scale, keyedHash } = counting;
  const spend = async (budget: number, ...name: readonly string[]) => {
    const counter = `mail:${keyedHash('mail', ...name).toString('base64url')}`;
    const allowed = Math.max(1, Math.round(budget * scale));
    const { count } = await counters.increment(counter, accountLimits.mailWindowMilliseconds, allowed);
    return count <= allowed;
  };
  return async (kind, email, ip) => {
    const network = ip === undefined ? 'unknown' : ipNetwork(ip, platformLimits.knownNetwork);
    const budgets = accountLimits.mailBudgets[kind];
    // The network first: what it is refused takes nothing from others.
    return (
      (await spend(budgets.network, kind, email, network)) && (await spend(budgets.address, kind, email))
    );
  };
}
