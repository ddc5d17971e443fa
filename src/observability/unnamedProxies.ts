/** Tells operators of proxies that TRUSTED_PROXIES does not name: behind one, everybody shares one address, and its budgets. */
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

export interface UnnamedProxies {
  /** A request came by it. Logged the first time, counted each time. */
  readonly onUnnamedProxy: (address: string) => void;
  /** What an operator should know, in words: at most one line. */
  readonly warnings: () => readonly string[];
}

export function createUnnamedProxies({ log, metrics }: { log: Log; metrics: Metrics }): UnnamedProxies {
  let warning: string | undefined;
  return {
    onUnnamedProxy(address) {
      metrics.unnamedProxy();
      if (warning !== undefined) return;
      warning = `requests by ${address} say where they come from, and TRUSTED_PROXIES does not name it: all of them share one address`;
      log.warn({ proxy: address }, warning);
    },
    warnings: () => (warning === undefined ? [] : [warning]),
  };
}
