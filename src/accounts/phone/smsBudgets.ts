/** How many messages to phones are sent, so that nobody earns with them (SMS pumping): counted over all nodes. */
import type { IsKnownPlace } from '../../login/throttling/passwordAttempts.ts';
import { ipNetwork } from '../../platform/ipAddress.ts';
import { platformLimits } from '../../platform/limits.ts';
import type { RateCaller } from '../../platform/rateLimits.ts';
import { createSpendWindows, type WindowBudget } from '../../platform/windowBudgets.ts';
import type { User } from '../user.ts';
import { phoneLimits } from './limits.ts';
import type { Phone } from './phoneNumber.ts';

export type SmsKind = keyof typeof phoneLimits.smsBudgets;

export interface SmsRequest {
  readonly kind: SmsKind;
  readonly number: Phone;
  readonly by: RateCaller;
  /** Undefined when nobody has the number: the same is counted, apart from messages that are sent. */
  readonly user: Pick<User, 'id' | 'email'> | undefined;
}

/** False when enough were sent. */
export type SpendSms = (request: SmsRequest) => Promise<boolean>;

/** `counting`: undefined when rate limits are off. */
export function createSmsBudgets(
  counting: Parameters<typeof createSpendWindows>[0],
  isKnownPlace: IsKnownPlace,
): SpendSms {
  const spend = createSpendWindows(counting, 'sms');
  return async (request) => {
    const { kind, number, by, user } = request;
    // For every number, whether somebody has it or not: the same work.
    const isKnown = kind !== 'phone_proof' && (await isKnownPlace(user?.email ?? number, by));
    return spend(budgetsOf(request, isKnown), by);
  };
}

/** The narrowest first: what it is refused takes nothing from others. */
function budgetsOf(
  { kind, number, by: { ip }, user }: SmsRequest,
  isKnown: boolean,
): readonly WindowBudget[] {
  const whose = {
    user: user?.id ?? number,
    network: ip === undefined ? 'unknown' : ipNetwork(ip, platformLimits.knownNetwork),
    number,
    prefix: number.slice(1, 1 + phoneLimits.prefixDigits),
    all: '',
  };
  const sent = user === undefined ? 'nobody' : 'sent';
  return scopes.flatMap((scope) =>
    windows.map((window) => {
      const isApart = isKnown && ['user', 'network', 'number'].includes(scope);
      return {
        name: [kind, isApart ? 'known' : sent, window, scope, whose[scope]],
        budget: phoneLimits.smsBudgets[kind][window][scope],
        windowMilliseconds: phoneLimits.windows[window],
      };
    }),
  );
}

const scopes = ['user', 'network', 'number', 'prefix', 'all'] as const;
const windows = ['hour', 'day'] as const;
