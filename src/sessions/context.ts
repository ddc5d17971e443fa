/**
 * The context of a session: the network, device and program that use it. Judges a change of it, by the row, the request, the settings
 * and the time alone. Owns the signals and their weights. Does not own what follows from them (`sessions/refresh.ts`).
 */
import { ipNetwork } from '../platform/ipAddress.ts';
import { platformLimits } from '../platform/limits.ts';
import { userAgentFamily } from '../platform/userAgent.ts';
import { sessionLimits } from './limits.ts';
import type { ClientContext, Session, SessionContext } from './session.ts';

/**
 * Each with its weight, of 100: the rarer a signal is for honest users, the more it weighs. Weights decide nothing here. Their sum is
 * the score that the API, gRPC and the audit log publish, for consoles and rules of others.
 */
export const contextSignals = {
  /** Another `device_id`. */
  device_changed: 50,
  /** Another browser or another system; a newer version of either is no change. */
  user_agent_changed: 40,
  /** Back in a network that it had left moments ago, or one refresh token from two networks: two places at once. */
  two_networks: 30,
  /** Refreshed again and again, long before the access token expires. */
  rapid_refresh: 20,
  /** Another network; phones do that all day. */
  network_changed: 10,
} as const;

export type ContextSignal = keyof typeof contextSignals;

/** From the mildest to the strictest. */
export const signalActions = ['ignore', 'note', 'notify', 'end'] as const;
export type SignalAction = (typeof signalActions)[number];

export type ContextPolicy = Readonly<Record<ContextSignal, SignalAction>>;

export interface ContextVerdict {
  /** What this use does to the session's row. */
  readonly context: SessionContext;
  /** Those that the settings do not ignore. */
  readonly signals: readonly ContextSignal[];
  /** The sum of their weights, 100 at most. */
  readonly score: number;
  /** The strictest action that the settings ask for. */
  readonly action: SignalAction;
}

type KnownSession = Pick<Session, 'userAgent' | 'ip' | 'lastUsedAt' | 'rotatedAt'> & SessionContext;

export interface ContextRequest {
  readonly now: number;
  /** Whether another refresh token becomes current. A repeat after a lost answer does not count as a quick refresh. */
  readonly rotates: boolean;
  readonly policy: ContextPolicy;
}

/** A use of the session with its refresh token. */
export function judgeContext(
  session: KnownSession,
  client: ClientContext,
  { now, rotates, policy }: ContextRequest,
): ContextVerdict {
  const moved = isOtherNetwork(session.ip, client.ip);
  const quickRefreshes = rotates ? quickRefreshesAfter(session, now) : session.quickRefreshes;
  const seen: Record<ContextSignal, boolean> = {
    // A request without a device id is no change.
    device_changed:
      session.deviceId !== undefined && client.deviceId !== undefined && client.deviceId !== session.deviceId,
    // Compared as text first, since parsing takes time and the text is nearly always the same.
    user_agent_changed:
      client.userAgent !== session.userAgent &&
      userAgentFamily(client.userAgent) !== userAgentFamily(session.userAgent),
    two_networks: moved && (!rotates || isBack(session, client.ip, now)),
    rapid_refresh: rotates && quickRefreshes >= sessionLimits.quickRefreshes,
    network_changed: moved,
  };
  const signals = (Object.keys(contextSignals) as ContextSignal[]).filter(
    (signal) => seen[signal] && policy[signal] !== 'ignore',
  );
  const score = Math.min(
    100,
    signals.reduce((sum, signal) => sum + contextSignals[signal], 0),
  );
  const strictest = Math.max(0, ...signals.map((signal) => signalActions.indexOf(policy[signal])));
  const changed = { contextSignals: signals, contextScore: score, contextChangedAt: now };
  const { contextSignals: before, contextScore, contextChangedAt } = session;
  return {
    context: {
      deviceId: client.deviceId ?? session.deviceId,
      otherIp: moved ? session.ip : session.otherIp,
      otherIpAt: moved ? session.lastUsedAt : session.otherIpAt,
      quickRefreshes,
      ...(signals.length > 0 ? changed : { contextSignals: before, contextScore, contextChangedAt }),
    },
    signals,
    score,
    action: signalActions[strictest] ?? 'ignore',
  };
}

function quickRefreshesAfter({ rotatedAt, quickRefreshes }: KnownSession, now: number): number {
  const isQuick = rotatedAt !== undefined && now - rotatedAt < sessionLimits.quickRefreshMilliseconds;
  return isQuick ? quickRefreshes + 1 : 0;
}

/** A missing address is no change. */
function isOtherNetwork(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && networkOf(one) !== networkOf(other);
}

function isBack({ otherIp, otherIpAt }: KnownSession, ip: string | undefined, now: number): boolean {
  if (otherIp === undefined || otherIpAt === undefined || ip === undefined) return false;
  return networkOf(otherIp) === networkOf(ip) && now - otherIpAt < sessionLimits.twoNetworksMilliseconds;
}

/** The network of an address, as far as it shows from outside. */
function networkOf(ip: string): string {
  return ipNetwork(ip, platformLimits.knownNetwork);
}
