/** What a guard tells of itself while it works, for metrics and logs. */
import type { GuardErrorCode } from './guardError.ts';

/**
 * - `lost`: a stream, or an attempt to open one, ended as it may: a restart, a broken line, silence.
 * - `tls`: there is no connection, since TLS or a certificate is at fault, on either side. Somebody has to mend that.
 * - `refused`: the authority does not let this service in. Somebody has to mend that.
 * - `protocol`: the authority sent what the protocol does not allow. What came from there was forgotten, the lease too.
 * - `question`: a question about one token was not answered.
 */
export interface GuardFault {
  readonly kind: 'lost' | 'tls' | 'refused' | 'protocol' | 'question';
  /** As it was written in the options. */
  readonly authority: string;
  readonly message: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** `by`: whether memory alone decided, or the authority was asked. `reason` is for logs and metrics, never for callers. */
export interface GuardOutcome {
  readonly accepted: boolean;
  readonly code?: GuardErrorCode;
  readonly reason?: string;
  readonly by: 'memory' | 'authority';
}

/** What they throw is ignored. */
export interface GuardHooks {
  /** Of every token. Without it, `verify` is quicker; `state().counts` has the sums. */
  readonly verified?: (outcome: GuardOutcome) => void;
  readonly fault?: (fault: GuardFault) => void;
  /** The guard has a lease now, or has it no longer. */
  readonly lease?: (held: boolean) => void;
}

/** Nothing fails with who listens to it. */
export function tell<Value>(hook: ((value: Value) => void) | undefined, value: Value): void {
  try {
    hook?.(value);
  } catch {
    // It is whoever listens that has to mend that.
  }
}
