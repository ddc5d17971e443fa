/**
 * How checks are answered and revocations take effect: by this process alone on its embedded database, or as one node of
 * many that share PostgreSQL and Redis. Both are the same deny-list; they differ in who has to be told.
 */
import { randomUUID } from 'node:crypto';
import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import { limits } from './core/limits.ts';
import type { Database } from './flows/database.ts';
import type { Log } from './observability/log.ts';
import type { Metrics } from './observability/metrics.ts';
import { createConfirmation } from './revocation/confirmation.ts';
import { createDenyList, type DenyList, sliceLength } from './revocation/denyList.ts';
import { permanentLease } from './revocation/lease.ts';
import { loadFromStore } from './revocation/loading.ts';
import { createRevocationNode, type NodeEvents } from './revocation/node.ts';
import { prune } from './revocation/prune.ts';
import type { Effect } from './revocation/revocation.ts';
import { createLocalEffect } from './storage/local/effect.ts';
import type { PostgresEngine } from './storage/postgres/engine.ts';
import { openSharedRevocations } from './storage/postgres/sharedRevocations.ts';

export interface Revoked {
  readonly denyList: DenyList;
  readonly effect: Effect;
  /** `ready`, or what is missing. */
  readonly revokedState: () => string;
}

interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly engine: PostgresEngine;
  readonly database: Database;
  readonly closing: (() => Promise<void>)[];
}

/** Resolves when checks can be answered: every live revocation is in memory. */
export async function openRevoked(parts: Parts): Promise<Revoked> {
  const { config, metrics } = parts;
  const sliceMs = sliceLength(config.tokens.accessTtlMs);
  const revoked = await (config.storage.mode === 'server' ? openNode : openAlone)(parts, sliceMs);
  const { stats } = revoked.denyList;
  metrics.gauge('countersign_deny_list_entries', 'Revocations in memory.', () => stats().entries);
  metrics.gauge('countersign_deny_list_bytes', 'Memory of the filters.', () => stats().bytes);
  metrics.gauge('countersign_deny_list_fill', 'Entries by the capacity of the filters, 0 to 1.', () => {
    const { entries, capacity } = stats();
    return capacity === 0 ? 0 : entries / capacity;
  });
  return revoked;
}

async function openAlone(
  { clock, log, metrics, database, closing }: Parts,
  sliceMs: number,
): Promise<Revoked> {
  const store = database.revocations;
  const confirm = createConfirmation({ find: store.find, clock });
  const denyList = createDenyList({ lease: permanentLease, confirm, sliceMs, onVerdict: metrics.check });
  log.debug({ revocations: await loadFromStore({ denyList, store, clock, sliceMs }) }, 'deny-list loaded');
  const stopForgetting = clock.every(limits.pruneIntervalMilliseconds, async () => {
    denyList.dropExpired(clock.now());
    await prune(store, clock).catch((err) => log.warn({ err }, 'expired revocations could not be deleted'));
  });
  closing.push(async () => stopForgetting());
  const effect = createLocalEffect({ denyList, clock, onEffect: metrics.effect });
  return { denyList, effect, revokedState: () => (denyList.loaded() ? 'ready' : 'loading') };
}

async function openNode(parts: Parts, sliceMs: number): Promise<Revoked> {
  const { config, clock, metrics, engine, database, closing } = parts;
  const shared = openSharedRevocations(engine, config.leaseMs);
  closing.push(shared.close);
  const self = randomUUID();
  const { nodes, snapshots, slowSnapshots } = shared;
  const node = createRevocationNode({
    self,
    leaseMs: config.leaseMs,
    sliceMs,
    store: database.revocations,
    nodes,
    snapshots,
    slowSnapshots,
    copy: {
      add: noRedis,
      contains: noRedis,
      load: noRedis,
      stamped: noRedis,
      advance: noRedis,
      beginRebuild: noRedis,
    },
    openBus: () => ({ announce: noRedis, acknowledge: () => {} }),
    clock,
    events: nodeEvents(parts, self),
  });
  closing.push(node.stop);
  await node.start();
  metrics.gauge(
    'countersign_lease_remaining_seconds',
    'How long this node may answer from memory.',
    () => node.leaseMs() / 1000,
  );
  metrics.gauge(
    'countersign_nodes_live',
    'Nodes that may hold a lease, this one included.',
    () => node.otherNodes() + 1,
  );
  const revokedState = () =>
    !node.denyList.loaded() ? 'loading' : node.leaseMs() > 0 ? 'ready' : 'no lease';
  return { denyList: node.denyList, effect: node.effect, revokedState };
}

function nodeEvents({ log, metrics, clock }: Parts, node: string): NodeEvents {
  let reconciledAt = clock.monotonic();
  let leading = false;
  metrics.gauge(
    'countersign_projection_lag_seconds',
    'Since Redis last had all that PostgreSQL has; 0 on nodes that do not look after it.',
    () => (leading ? (clock.monotonic() - reconciledAt) / 1000 : 0),
  );
  return {
    onVerdict: metrics.check,
    onEffect: metrics.effect,
    onProgress: (progress) => log.info({ node, ...progress }, 'loading the deny-list'),
    onRebuild() {
      metrics.rebuild();
      log.warn({ node }, 'Redis has not what it should have, and is filled again from PostgreSQL');
    },
    onReconciled(outcome) {
      leading = outcome !== 'elsewhere';
      if (outcome !== 'overtaken') reconciledAt = clock.monotonic();
    },
    onFault(part, err) {
      metrics.fault(part);
      log.warn({ node, part, err }, 'a part of the deny-list failed; it tries again');
    },
  };
}

const noRedis = async () => {
  throw new Error('no Redis');
};
