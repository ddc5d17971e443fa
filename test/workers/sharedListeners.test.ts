/** When all workers stop, no connection is lost that the main process has taken. */
import t from 'tap';
import { inCheckout } from '../support/checkout.ts';
import { freePort } from '../support/freePort.ts';
import { startProcess } from '../support/process.ts';

const stops = 6;

t.test('stopping all workers under load loses hardly any connection', async (t) => {
  const port = String(await freePort());
  const run = (program: string, ...parameters: string[]) =>
    startProcess(process.execPath, [inCheckout(`test/support/${program}`), port, ...parameters]);
  const load = run('connecting.mjs');
  t.teardown(() => load.stop());
  const workers = run('sharedListener.mjs', String(stops));
  t.teardown(() => workers.stop());
  t.strictSame(await workers.exited, { code: 0, signal: null }, workers.stderr());
  load.signal('SIGTERM');
  const [, lost] = await load.waitForOutput(/(\d+) reset/);
  // Workers that close without asking lose one connection or more each time.
  t.ok(Number(lost) <= 1, `${lost} connections lost in ${stops} stops`);
});
