/**
 * Whether a login comes from a new device. With a `device_id`, the device is known if an earlier session of the user had it.
 * Without one, it is known if an earlier session had the same program (in any version) on the same system in the same network.
 * Ended sessions count while they are kept (SESSION_RETENTION). Pure.
 */
import { ipNetwork } from '../platform/ipAddress.ts';
import { platformLimits } from '../platform/limits.ts';
import { userAgentFamily } from '../platform/userAgent.ts';
import type { ClientContext } from './session.ts';

/** `earlier`: of the user's sessions before this login. */
export function isNewDevice(client: ClientContext, earlier: readonly ClientContext[]): boolean {
  const { deviceId } = client;
  if (deviceId !== undefined) return !earlier.some((each) => each.deviceId === deviceId);
  const network = networkOf(client.ip);
  const there = earlier.filter(({ ip }) => networkOf(ip) === network);
  // Compared first, because parsing is slow and the text is nearly always equal.
  if (there.some(({ userAgent }) => userAgent === client.userAgent)) return false;
  const program = userAgentFamily(client.userAgent);
  const others = new Set(there.map(({ userAgent }) => userAgent));
  return ![...others].some((userAgent) => userAgentFamily(userAgent) === program);
}

function networkOf(ip: string | undefined): string | undefined {
  return ip === undefined ? undefined : ipNetwork(ip, platformLimits.knownNetwork);
}
