/** From its start to its end: when the authority is ready, listens, drains and closes. */
import type { Clock } from '@countersign/verifier/clock';
import type { KeyRing } from './keys/keyRing.ts';
import { type Closing, closeAll } from './platform/closing.ts';
import type { Secrets } from './platform/config/secrets.ts';
import { platformLimits } from './platform/limits.ts';
import type { Log } from './platform/observability/log.ts';
import type { Metrics } from './platform/observability/metrics.ts';
import { cachedAnswer } from './platform/queues/cachedAnswer.ts';
import { asStartupFault, databaseSetting, databaseState } from './storage/databaseState.ts';
import type { HttpParts } from './transport/http/app.ts';
import { createUnnamedProxies } from './transport/http/unnamedProxies.ts';
import type { Ports, Transports } from './transport/listeners.ts';
import { type CanaryParts, describeDoubt, type OpenedTruth } from './truth/openTruth.ts';

export interface Lifecycle {
  /** Opens HTTP and gRPC once the database is trusted. Throws `StartupError` when an address is in use. */
  listen(): Promise<Ports>;
  /**
   * Reports "not ready" and keeps serving for `delayMs`, so that clients and subscribers move to other nodes. `beforeClose`
   * resolves when the listeners may close.
   */
  drain: Transports['drain'];
  /** Reports "not ready", finishes requests in flight and closes everything. */
  close(): Promise<void>;
  readonly readiness: HttpParts['readiness'];
  /** Problems an operator should know about although the authority is ready. */
  readonly warnings: () => readonly string[];
  /** Why the authority does not serve: the database differs from what was written to it, or is older. Undefined without doubt. */
  doubt(): string | undefined;
  /** Resolves when there is no doubt. */
  whenTrusted(): Promise<void>;
  /**
   * Writes to the database and reads it back; after the first call this repeats on a timer. The result is in `doubt`. Rejects
   * with `StartupError` when the database cannot be reached.
   */
  prove(): Promise<void>;
}

/** What transports ask of it. */
export type ServingState = Pick<HttpParts, 'readiness' | 'isDraining' | 'onUnnamedProxy'> &
  Pick<Lifecycle, 'warnings'> & {
    /** As `readiness`, without what has to be asked: the database. */
    readonly ownParts: () => Readonly<Record<string, string>>;
  };

export interface LifecycleParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly secrets: Secrets;
  readonly closing: Closing;
  readonly storage: { ping(): Promise<void> };
  readonly propagation: { revokedState(): string };
  readonly keyRing: Pick<KeyRing, 'upToDate'>;
  readonly proof: OpenedTruth;
  readonly canary: CanaryParts;
  /** Mails and messages are sent by nodes that serve. */
  readonly startSending: () => void;
  readonly openTransports: (state: ServingState) => Promise<Transports>;
}

export function createLifecycle(parts: LifecycleParts): Lifecycle {
  const { clock, log, metrics, secrets, closing, storage, propagation, keyRing } = parts;
  const { proof, canary, startSending, openTransports } = parts;
  const { truth } = proof;
  let state: 'starting' | 'ready' | 'draining' = 'starting';
  let transports: Transports | undefined;
  const pingSeldom = cachedAnswer(clock, platformLimits.readinessKeptMilliseconds, () =>
    databaseState(clock, storage.ping()),
  );
  const partStates = () => ({
    deny_list: propagation.revokedState(),
    key_ring: keyRing.upToDate() ? 'ready' : 'out of date',
    truth: truth.doubt()?.what ?? 'ready',
  });
  const readiness = async () => ({ process: state, database: await pingSeldom(), ...partStates() });
  const { warnings, onUnnamedProxy } = createUnnamedProxies({ log, metrics });
  const setting = databaseSetting(secrets);
  const asStartup = (error: unknown) => Promise.reject(asStartupFault(error, setting));
  return {
    ...{ readiness, warnings },
    whenTrusted: truth.whenTrusted,
    prove: () => proof.prove(canary).catch(asStartup),
    doubt() {
      const doubt = truth.doubt();
      return doubt && describeDoubt(doubt, setting);
    },
    async listen() {
      await proof.proveBeforeServing(canary).catch(asStartup);
      const isDraining = () => state === 'draining';
      const ownParts = () => ({ process: state, ...partStates() });
      transports = await openTransports({ readiness, ownParts, isDraining, onUnnamedProxy, warnings });
      closing.push(transports.close);
      const ports = await transports.listen();
      startSending();
      if (state === 'starting') state = 'ready';
      return ports;
    },
    async drain(delayMs, beforeClose) {
      state = 'draining';
      await transports?.drain(delayMs, beforeClose);
    },
    async close() {
      state = 'draining';
      await closeAll(log, closing);
    },
  };
}
