/** How many messages to phones are sent, so that nobody earns with them (SMS pumping): counted over all nodes. */
import { ipNetwork } from '../../platform/ipAddress.ts';
import { platformLimits } from '../../platform/limits.ts';
import type { RateCaller } from '../../platform/rateLimits.ts';
import { createSpendWindows, type WindowBudget } from '../../platform/windowBudgets.ts';
import { phoneLimits } from './limits.ts';
import type { Phone } from './phoneNumber.ts';

export type SmsKind = keyof typeof phoneLimits.smsBudgets;

export interface SmsRequest {
  readonly kind: SmsKind;
  readonly number: Phone;
  readonly by: RateCaller;
  /** Undefined when nobody has the number: the same is counted, apart from messages that are sent. */
  readonly userId: string | undefined;
}

/** False when enough were sent. */
export type SpendSms = (request: SmsRequest) => Promise<boolean>;

/** `counting`: undefined when rate limits are off. */
export function createSmsBudgets(counting: Parameters<typeof createSpendWindows>[0]): SpendSms {
  const spend = createSpendWindows(counting, 'sms');
  return (request) => spend(budgetsOf(request), request.by);
}

/** The narrowest first: what it is refused takes nothing from others. */
function budgetsOf({ kind, number, by: { ip }, userId }: SmsRequest): readonly WindowBudget[] {
  const budgets = phoneLimits.smsBudgets[kind];
  const whose = {
    user: userId ?? number,
    network: ip === undefined ? 'unknown' : ipNetwork(ip, platformLimits.knownNetwork),
    number,
    prefix: number.slice(1, 1 + phoneLimits.prefixDigits),
    all: '',
  };
  return scopes.flatMap((scope) =>
    windows.map((window) => ({
      name: [kind, userId === undefined ? 'nobody' : 'sent', window, scope, whose[scope]],
      budget: budgets[window][scope],
      windowMilliseconds: phoneLimits.windows[window],
    })),
  );
}

const scopes = ['user', 'network', 'number', 'prefix', 'all'] as const;
const windows = ['hour', 'day'] as const;
