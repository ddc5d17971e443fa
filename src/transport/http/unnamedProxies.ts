/** Warns operators of proxies missing in TRUSTED_PROXIES: everybody behind one shares its address and budgets. */

import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import { httpLimits } from './limits.ts';

export interface UnnamedProxies {
  /** A request came through it. Counted each time; a few addresses are logged once. */
  readonly onUnnamedProxy: (address: string) => void;
  /** One line for each of these addresses. */
  readonly warnings: () => readonly string[];
}

export function createUnnamedProxies({ log, metrics }: { log: Log; metrics: Metrics }): UnnamedProxies {
  const warnings = new Map<string, string>();
  return {
    onUnnamedProxy(address) {
      metrics.unnamedProxy();
      if (warnings.has(address) || warnings.size >= httpLimits.unnamedProxies) return;
      const warning = `${address} forwards requests, and TRUSTED_PROXIES does not name it: all its clients share one address`;
      warnings.set(address, warning);
      log.warn({ proxy: address }, warning);
    },
    warnings: () => [...warnings.values()],
  };
}
