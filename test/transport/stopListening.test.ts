/** A listener that closes under load resets no connection that the kernel has taken. */
import { createServer } from 'node:net';
import { systemClock } from '@countersign/verifier/clock';
import t from 'tap';
import { stopListening } from '../../src/transport/stopListening.ts';
import { inCheckout } from '../support/checkout.ts';
import { freePort } from '../support/freePort.ts';
import { startProcess } from '../support/process.ts';

const closes = 40;

/** Answers after some work, so that turns of the event loop differ. */
async function openBusyServer(port: number) {
  let answered = 0;
  let enough = () => {};
  const hasAnswered = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      const until = performance.now() + 0.3;
      while (performance.now() < until);
      socket.end('!');
      answered += 1;
      if (answered === 20) enough();
    });
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return { server, hasAnswered };
}

t.test('closing under load resets hardly any connection', async (t) => {
  const port = await freePort();
  const load = startProcess(process.execPath, [inCheckout('test/support/connecting.mjs'), String(port)]);
  t.teardown(() => load.stop());
  for (let close = 1; close <= closes; close += 1) {
    const { server, hasAnswered } = await openBusyServer(port);
    await hasAnswered;
    await stopListening(server, systemClock);
  }
  load.signal('SIGTERM');
  const [, reset] = await load.waitForOutput(/(\d+) reset/);
  // A close at any moment resets one connection or more each time.
  t.ok(Number(reset) <= closes / 8, `${reset} of ${closes} closes reset a connection`);
});
