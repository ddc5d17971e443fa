/**
 * Whether a login comes from a new device or network. With a `device_id`, it is known if one earlier session of the user had that
 * device and one was in that network: copied storage has the `device_id`, too. Without one, it is known if an earlier session had
 * the same program (in any version) on the same system in the same network. Ended sessions count while they are kept
 * (SESSION_RETENTION). Pure.
 */
import { ipNetwork } from '../platform/ipAddress.ts';
import { platformLimits } from '../platform/limits.ts';
import { userAgentFamily } from '../platform/userAgent.ts';
import type { ClientContext, SessionContext } from './session.ts';

export type EarlierClient = ClientContext & Pick<SessionContext, 'otherIp'>;

/** `earlier`: of the user's sessions before this login. */
export function isNewDevice(client: ClientContext, earlier: readonly EarlierClient[]): boolean {
  const { deviceId, ip } = client;
  const network = networkOf(ip);
  if (deviceId !== undefined) {
    const isKnown = earlier.some((each) => each.deviceId === deviceId);
    // An unknown address is no new network.
    const wasThere = ip === undefined || earlier.some((each) => isIn(each, network));
    return !isKnown || !wasThere;
  }
  const there = earlier.filter(({ ip }) => networkOf(ip) === network);
  // Compared first, because parsing is slow and the text is nearly always equal.
  if (there.some(({ userAgent }) => userAgent === client.userAgent)) return false;
  const program = userAgentFamily(client.userAgent);
  const others = new Set(there.map(({ userAgent }) => userAgent));
  return ![...others].some((userAgent) => userAgentFamily(userAgent) === program);
}

/** A session that moved was in both networks. */
function isIn({ ip, otherIp }: EarlierClient, network: string | undefined): boolean {
  return networkOf(ip) === network || networkOf(otherIp) === network;
}

function networkOf(ip: string | undefined): string | undefined {
  return ip === undefined ? undefined : ipNetwork(ip, platformLimits.knownNetwork);
}
