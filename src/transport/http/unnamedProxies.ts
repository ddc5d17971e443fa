/** Tells operators of proxies that TRUSTED_PROXIES does not name: behind one, everybody shares one address, and its budgets. */

import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import { httpLimits } from './limits.ts';

export interface UnnamedProxies {
  /** A request came by it. Counted each time; of a few addresses, the first one is logged. */
  readonly onUnnamedProxy: (address: string) => void;
  /** What an operator should know, in words: a line for each of these addresses. */
  readonly warnings: () => readonly string[];
}

export function createUnnamedProxies({ log, metrics }: { log: Log; metrics: Metrics }): UnnamedProxies {
  const warnings = new Map<string, string>();
  return {
    onUnnamedProxy(address) {
      metrics.unnamedProxy();
      if (warnings.has(address) || warnings.size >= httpLimits.unnamedProxies) return;
      const warning = `requests by ${address} say where they come from, and TRUSTED_PROXIES does not name it: all of them share one address`;
      warnings.set(address, warning);
      log.warn({ proxy: address }, warning);
    },
    warnings: () => [...warnings.values()],
  };
}
