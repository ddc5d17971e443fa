/**
 * Decides which logins with unknown e-mails get an audit row: the first few per network and in total each hour. Invented e-mails
 * are endless and must not fill the table.
 */

import { ipNetwork } from '../platform/ipAddress.ts';
import { platformLimits } from '../platform/limits.ts';
import { createSampler } from '../platform/sampler.ts';
import { loginLimits } from './limits.ts';

export interface UnknownEmails {
  /** Counts one; false when enough were recorded. `now`: milliseconds of a monotonic clock. */
  isWorthNoting(ip: string | undefined, now: number): boolean;
}

export function createUnknownEmails(): UnknownEmails {
  const milliseconds = loginLimits.unknownEmailsRecordedMilliseconds;
  const ofNetwork = createSampler({
    few: loginLimits.unknownEmailsRecorded,
    names: loginLimits.unknownEmailsNetworks,
    milliseconds,
  });
  const ofAll = createSampler({ few: loginLimits.unknownEmailsRecordedTogether, names: 1, milliseconds });
  return {
    isWorthNoting(ip, now) {
      const network = ip === undefined ? 'unknown' : ipNetwork(ip, platformLimits.knownNetwork);
      return ofNetwork.isWorthNoting(network, now) && ofAll.isWorthNoting('all', now);
    },
  };
}
