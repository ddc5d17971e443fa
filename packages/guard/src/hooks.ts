/** Events of a guard, for metrics and logs. */
import type { GuardErrorCode } from './guardError.ts';

/**
 * - `lost`: a stream or connection attempt ended for a normal reason: a restart, a broken line, silence.
 * - `tls`: no connection, because TLS or a certificate is wrong on either side. Somebody must fix it.
 * - `refused`: the authority refuses this service. Somebody must fix it.
 * - `protocol`: the authority broke the protocol. Everything received from it was discarded, including the lease.
 * - `question`: a question about one token was not answered.
 */
export interface GuardFault {
  readonly kind: 'lost' | 'tls' | 'refused' | 'protocol' | 'question';
  /** As given in the options. */
  readonly authority: string;
  readonly message: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** `by`: whether memory alone decided or the authority was asked. `reason` is for logs and metrics, never for callers. */
export interface GuardOutcome {
  readonly accepted: boolean;
  readonly code?: GuardErrorCode;
  readonly reason?: string;
  readonly by: 'memory' | 'authority';
}

/** Errors thrown by hooks are ignored. */
export interface GuardHooks {
  /** Called for every token. `verify` is faster without it; `state().counts` has the totals. */
  readonly verified?: (outcome: GuardOutcome) => void;
  readonly fault?: (fault: GuardFault) => void;
  /** The guard got a lease or lost it. */
  readonly lease?: (held: boolean) => void;
}

/** A hook's error must not break the guard. */
export function tell<Value>(hook: ((value: Value) => void) | undefined, value: Value): void {
  try {
    hook?.(value);
  } catch {
    // The hook's author must fix its errors.
  }
}
