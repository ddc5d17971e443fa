/**
 * Measures each answered call once, and counts and logs each of our refusals: before a message, by the handler, and within a
 * batch. Does not cover the library's own refusals: a caller's deadline, a message it cannot inflate, a call cut before its
 * answer.
 */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { status } from '@grpc/grpc-js';
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';

export interface CallReports {
  /** `started` is on the monotonic clock. */
  measure(method: string, started: number, code: status): void;
  report(method: string, error: unknown): void;
}

export interface CallReportParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly metrics: Pick<Metrics, 'grpcCall' | 'refusal'>;
  readonly log: Log;
}

export function createCallReports(parts: CallReportParts): CallReports {
  const { clock, metrics, log } = parts;
  return {
    measure: (method, started, code) =>
      metrics.grpcCall(method, status[code] ?? '', (clock.monotonic() - started) / 1000),
    report(method, error) {
      const known = error instanceof AuthorityError ? error : undefined;
      metrics.refusal(known?.code ?? 'internal', known?.reason);
      if (known === undefined) log.error({ method, err: error }, 'a call failed');
      else if (known.code === 'unavailable')
        log.warn({ method, reason: known.reason, err: known.cause }, 'unavailable');
      else log.debug({ method, code: known.code, reason: known.reason }, 'refused');
    },
  };
}
