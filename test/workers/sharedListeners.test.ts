/** When all workers stop, no connection is lost that the main process has taken. */
import { connect } from 'node:net';
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

t.test('a connection that was being passed to a worker that died is closed', async (t) => {
  const workers = startProcess(process.execPath, [inCheckout('test/support/passing.mjs')]);
  t.teardown(() => workers.stop());
  const [, port] = await workers.waitForOutput(/port (\d+)/);
  /** Resolves with the answer, or why there is none. */
  const ask = () =>
    new Promise<string>((resolve) => {
      let answer = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('?'));
      socket.on('data', (data) => {
        answer += data;
      });
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      socket.once('close', () => resolve(answer));
    });
  const asked = [ask(), ask()];
  t.equal(await Promise.race(asked), '!', 'the other worker answers');
  workers.signal('SIGUSR2');
  t.equal(await ask(), '!');
  t.strictSame((await Promise.all(asked)).sort(), ['!', 'ECONNRESET']);
});
