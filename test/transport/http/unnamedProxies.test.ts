/** Which proxies without a name an operator is told of: each once, and no more than a few. */
import t from 'tap';
import { createLog } from '../../../src/platform/observability/log.ts';
import { createMetrics } from '../../../src/platform/observability/metrics.ts';
import { httpLimits } from '../../../src/transport/http/limits.ts';
import { createUnnamedProxies } from '../../../src/transport/http/unnamedProxies.ts';

t.test('none hides another, and there are only so many', async (t) => {
  const lines: string[] = [];
  const log = createLog('warn', { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics();
  const { onUnnamedProxy, warnings } = createUnnamedProxies({ log, metrics });
  t.strictSame(warnings(), []);
  for (const address of ['127.0.0.1', '127.0.0.1', '10.0.0.1', '127.0.0.1']) onUnnamedProxy(address);
  t.match(warnings(), [/^127\.0\.0\.1 /, /^10\.0\.0\.1 /]);
  t.equal(warnings().length, 2);
  t.equal(lines.length, 2);
  t.match(lines[1], /"proxy":"10\.0\.0\.1"/);
  for (let count = 0; count < 100; count += 1) onUnnamedProxy(`10.1.0.${count}`);
  t.equal(warnings().length, httpLimits.unnamedProxies);
  t.equal(lines.length, httpLimits.unnamedProxies);
  t.match(await metrics.text(), /countersign_unnamed_proxy_requests_total 104/, 'all are counted');
});
