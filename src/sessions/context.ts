/**
 * Where and with what client a session is used, and the signals when that changes. Pure: row, request, settings and time decide.
 * Owns the signals and their weights; `sessions/refresh.ts` and `login/startSession.ts` act on them.
 */
import type { Actor, AuditEvent } from '../audit/auditEvent.ts';
import { ipNetwork } from '../platform/ipAddress.ts';
import { platformLimits } from '../platform/limits.ts';
import { userAgentFamily } from '../platform/userAgent.ts';
import { sessionLimits } from './limits.ts';
import type { ClientContext, Session, SessionContext } from './session.ts';

/** Weight of each signal, out of 100: the rarer for an innocent user, the higher. */
export const contextSignals = {
  /** The client reports another device id. */
  device_changed: 50,
  /** The login came after many refusals of a password or code in a row. */
  many_refusals: 50,
  /** Another browser or system; a newer version of either is no change. */
  user_agent_changed: 40,
  /** Back in a network it left moments ago, or one refresh token from two networks: two places at once. */
  two_networks: 30,
  /** Refreshed repeatedly, long before the access token expires. */
  rapid_refresh: 20,
  /** Another network; phones change it all day. */
  network_changed: 10,
} as const;

export type ContextSignal = keyof typeof contextSignals;

/** In order of severity. */
export const signalActions = ['ignore', 'note', 'notify', 'step_up', 'end'] as const;
export type SignalAction = (typeof signalActions)[number];

/** Actions that the user and the operator are told of. */
export type ToldAction = Exclude<SignalAction, 'ignore' | 'note'>;

export function isTold(action: SignalAction): action is ToldAction {
  return signalActions.indexOf(action) >= signalActions.indexOf('notify');
}

export type ContextPolicy = Readonly<Record<ContextSignal, SignalAction>>;

export interface SignalVerdict {
  /** Without the ignored ones; empty when nothing is unusual. */
  readonly signals: readonly ContextSignal[];
  /** Sum of the weights, at most 100. */
  readonly score: number;
  /** The strictest action among the signals; at least `notify` from `toldScore` on. */
  readonly action: SignalAction;
}

export interface ContextVerdict extends SignalVerdict {
  /** The session row's context after this use. */
  readonly context: SessionContext;
}

type KnownSession = Pick<Session, 'userAgent' | 'ip' | 'lastUsedAt' | 'rotatedAt'> & SessionContext;

export interface ContextRequest {
  readonly now: number;
  /** False for a repeated request: repeating a lost response is no sign of haste. */
  readonly rotates: boolean;
  readonly policy: ContextPolicy;
}

/** Judges one use of the refresh token. */
export function judgeContext(
  session: KnownSession,
  client: ClientContext,
  { now, rotates, policy }: ContextRequest,
): ContextVerdict {
  const moved = isOtherNetwork(session.ip, client.ip);
  const quickRefreshes = rotates ? quickRefreshesAfter(session, now) : session.quickRefreshes;
  const seen: Readonly<Record<Exclude<ContextSignal, 'many_refusals'>, boolean>> = {
    // A client that sends no device id signals no change.
    device_changed:
      session.deviceId !== undefined && client.deviceId !== undefined && client.deviceId !== session.deviceId,
    // Compared first, because parsing is slow and the text is nearly always equal.
    user_agent_changed:
      client.userAgent !== session.userAgent &&
      userAgentFamily(client.userAgent) !== userAgentFamily(session.userAgent),
    two_networks: moved && (!rotates || isBack(session, client.ip, now)),
    rapid_refresh: rotates && quickRefreshes >= sessionLimits.quickRefreshes,
    network_changed: moved,
  };
  const verdict = verdictOf(seen, policy);
  const { contextSignals: before, contextScore, contextChangedAt } = session;
  return {
    context: {
      deviceId: client.deviceId ?? session.deviceId,
      otherIp: moved ? session.ip : session.otherIp,
      otherIpAt: moved ? session.lastUsedAt : session.otherIpAt,
      quickRefreshes,
      ...(notedContext(verdict, now) ?? { contextSignals: before, contextScore, contextChangedAt }),
    },
    ...verdict,
  };
}

/** Judges a login after this many refusals in a row. */
export function judgeLogin(refusals: number, policy: ContextPolicy): SignalVerdict {
  return verdictOf({ many_refusals: refusals >= sessionLimits.manyRefusals }, policy);
}

function verdictOf(
  seen: Readonly<Partial<Record<ContextSignal, boolean>>>,
  policy: ContextPolicy,
): SignalVerdict {
  const signals = (Object.keys(contextSignals) as ContextSignal[]).filter(
    (signal) => seen[signal] === true && policy[signal] !== 'ignore',
  );
  const score = Math.min(
    100,
    signals.reduce((sum, signal) => sum + contextSignals[signal], 0),
  );
  const together: SignalAction = score >= sessionLimits.toldScore ? 'notify' : 'ignore';
  const actions = [together, ...signals.map((signal) => policy[signal])];
  const strictest = Math.max(...actions.map((action) => signalActions.indexOf(action)));
  return { signals, score, action: signalActions[strictest] ?? 'ignore' };
}

/** What the session's row keeps of a verdict; undefined when nothing is unusual. */
export function notedContext({ signals, score }: SignalVerdict, now: number) {
  return signals.length === 0
    ? undefined
    : { contextSignals: signals, contextScore: score, contextChangedAt: now };
}

export function contextChanged(
  { id: sessionId, userId }: Pick<Session, 'id' | 'userId'>,
  actor: Actor,
  { signals, score, action }: SignalVerdict,
): AuditEvent {
  const detail = { signals: [...signals], score };
  return { type: 'session_context_changed', actor, userId, sessionId, reason: action, detail };
}

function quickRefreshesAfter({ rotatedAt, quickRefreshes }: KnownSession, now: number): number {
  const isQuick = rotatedAt !== undefined && now - rotatedAt < sessionLimits.quickRefreshMilliseconds;
  return isQuick ? quickRefreshes + 1 : 0;
}

/** An unknown address signals nothing. */
function isOtherNetwork(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && networkOf(one) !== networkOf(other);
}

function isBack({ otherIp, otherIpAt }: KnownSession, ip: string | undefined, now: number): boolean {
  if (otherIp === undefined || otherIpAt === undefined || ip === undefined) return false;
  return networkOf(otherIp) === networkOf(ip) && now - otherIpAt < sessionLimits.twoNetworksMilliseconds;
}

/** The network of an address, the best available guess of its place. */
function networkOf(ip: string): string {
  return ipNetwork(ip, platformLimits.knownNetwork);
}
