/** StatusService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */
import type { Clock } from '@countersign/verifier/clock';
import type { ListRefusalsResponse } from '@countersign/verifier/contract/generated/countersign/v1/ListRefusalsResponse';
import type { ListSettingsResponse } from '@countersign/verifier/contract/generated/countersign/v1/ListSettingsResponse';
import type { NodeStatus } from '@countersign/verifier/contract/generated/countersign/v1/NodeStatus';
import type { Status as StatusMessage } from '@countersign/verifier/contract/generated/countersign/v1/Status';
import type { ShownSetting } from '../platform/config/shownSettings.ts';
import type { EffectSummary } from '../revocation/propagation/recentEffects.ts';
import { check, endless, type Methods } from '../transport/grpc/methodRow.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import { statusLimits } from './limits.ts';
import type { Status, StatusOperations } from './status.ts';

const reading = { permission: 'status.read', ...check } as const;

export const statusMethods = {
  GetStatus: reading,
  WatchStatus: { permission: 'status.read', ...endless },
  ListSettings: reading,
  ListRefusals: reading,
} as const satisfies Methods;

export function statusService(
  operations: StatusOperations,
  { clock }: { readonly clock: Pick<Clock, 'after'> },
): GrpcService {
  return {
    methods: statusMethods,
    mount({ v1, add, unary, watch }) {
      const { listSettings, listRefusals } = operations;
      const current = async () => ({ status: toMessage(await operations.getStatus()) });
      add(v1.StatusService.service, {
        GetStatus: unary('GetStatus', current),
        WatchStatus: watch('WatchStatus', () => repeatedly(clock, current)),
        ListSettings: unary('ListSettings', () => settingsMessage(listSettings())),
        ListRefusals: unary('ListRefusals', () => refusalsMessage(listRefusals())),
      });
    },
  };
}

async function* repeatedly<Message>(
  clock: Pick<Clock, 'after'>,
  current: () => Promise<Message>,
): AsyncGenerator<Message> {
  for (;;) {
    yield await current();
    await new Promise<void>((resolve) => {
      clock.after(statusLimits.statusMilliseconds, resolve);
    });
  }
}

function toMessage({ nodeId, now, parts, nodes, subscribers, effect, ...status }: Status): StatusMessage {
  return {
    ...{ nodeId, timeMs: now, parts: [...parts], subscriberCount: status.subscriberCount },
    ...{ denyListEntries: status.denyListEntries, warnings: [...status.warnings] },
    nodes: nodes.map((node) => nodeMessage(node, now)),
    subscribers: subscribers.map(({ nodeId: node, name, service, isConnected, ...times }) => ({
      ...{ subscriber: name, service, connected: isConnected, nodeId: node },
      leaseRemainingMs: Math.floor(times.leaseRemainingMs),
      behindSinceMs: times.behindMs > 0 ? Math.floor(now - times.behindMs) : 0,
      heardTimeMs: Math.floor(now - times.silentMs),
    })),
    effect: effectMessage(effect),
  };
}

function nodeMessage(
  { id, leaseMs, leaseRemainingMs, report }: Status['nodes'][number],
  now: number,
): NodeStatus {
  const { parts = [], subscriberCount = 0, canary, ageMs } = report ?? {};
  return {
    ...{ nodeId: id, leaseMs, leaseRemainingMs: Math.max(0, Math.floor(leaseRemainingMs)) },
    lateSinceMs: leaseRemainingMs > 0 ? 0 : Math.floor(now + leaseRemainingMs),
    ...{
      parts: [...parts],
      subscriberCount,
      reportTimeMs: ageMs === undefined ? 0 : Math.floor(now - ageMs),
    },
    canaryTimeMs: canary === undefined ? 0 : Math.floor(now - canary.ageMs),
    canaryUs: canary === undefined ? 0 : micros(canary.milliseconds),
  };
}

function effectMessage({ revocations, p50Ms, p99Ms, worstMs, perSecond, late }: EffectSummary) {
  return {
    ...{ revocations, p50Us: micros(p50Ms), p99Us: micros(p99Ms), worstUs: micros(worstMs) },
    perSecond: [...perSecond],
    late: late.map(({ name, isNode, outcome, at, times }) => ({ name, isNode, outcome, timeMs: at, times })),
  };
}

function micros(milliseconds: number): number {
  return Math.ceil(milliseconds * 1000);
}

const sources = {
  default: 'SETTING_SOURCE_DEFAULT',
  environment: 'SETTING_SOURCE_ENVIRONMENT',
  file: 'SETTING_SOURCE_FILE',
  not_set: 'SETTING_SOURCE_NOT_SET',
} as const satisfies Record<ShownSetting['source'], string>;

function settingsMessage({
  settings,
  warnings,
}: ReturnType<StatusOperations['listSettings']>): ListSettingsResponse {
  return {
    settings: settings.map(({ source, isSecret, ...setting }) => ({
      ...{ ...setting, secret: isSecret, source: sources[source] },
    })),
    warnings: [...warnings],
  };
}

function refusalsMessage({
  refusals,
  since,
}: ReturnType<StatusOperations['listRefusals']>): ListRefusalsResponse {
  return { refusals: refusals.map(({ at, ...refusal }) => ({ ...refusal, timeMs: at })), sinceMs: since };
}
