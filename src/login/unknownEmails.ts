/**
 * Which logins with an e-mail that nobody has are worth a row of the audit trail: the first few from a network in an hour, and
 * so many from all. There is no end of such e-mails, and making them up must not fill a table.
 */

import { ipNetwork } from '../platform/ipAddress.ts';
import { platformLimits } from '../platform/limits.ts';
import { createSampler } from '../platform/sampler.ts';
import { loginLimits } from './limits.ts';

export interface UnknownEmails {
  /** Counts one; false when enough were written down. `now`: milliseconds of a clock that never steps back. */
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
