/**
 * Workers of node:cluster that answer connections after some work, and are told to stop, again and again. Parameters: the port, how
 * often, and `plainly` for workers that do not ask whether they may close.
 */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '@countersign/verifier/clock';

const [, , port, times, how] = process.argv;
if (cluster.isPrimary) await startAndStop();
else await serve();

async function startAndStop() {
  const { watchSharedListeners } = await import('../../dist/workers/sharedListeners.js');
  cluster.schedulingPolicy = cluster.SCHED_RR;
  for (let time = 0; time < Number(times); time += 1) {
    const listeners = watchSharedListeners(systemClock);
    const workers = [cluster.fork(), cluster.fork()];
    const ended = workers.map((worker) => once(worker, 'exit'));
    await Promise.all(workers.map((worker) => once(worker, 'listening')));
    const tellToStop = () => {
      for (const worker of workers.splice(0)) worker.send('stop');
    };
    for (const worker of [...workers]) {
      worker.on('message', async (message) => {
        if (message === 'busy') tellToStop();
        if (message === 'leaving') await listeners.close();
        if (message === 'leaving') worker.send('mayLeave');
      });
      worker.send('count');
    }
    await Promise.all(ended);
  }
}

async function serve() {
  const { stopListening } = await import('../../dist/transport/stopListening.js');
  const { workerLimits } = await import('../../dist/workers/limits.js');
  let toAnswer = Number.POSITIVE_INFINITY;
  const open = new Set();
  const server = createServer((socket) => {
    open.add(socket.once('close', () => open.delete(socket)));
    socket.on('error', () => {});
    socket.once('data', () => {
      const until = performance.now() + 0.3;
      while (performance.now() < until);
      socket.end('!');
      toAnswer -= 1;
      if (toAnswer === 0) process.send('busy');
    });
  }).listen(Number(port), '127.0.0.1');
  let stopping = false;
  process.on('message', async (message) => {
    if (message === 'count') toAnswer = 20;
    if (message !== 'stop' || stopping) return;
    stopping = true;
    if (how !== 'plainly') {
      const mayLeave = once(process, 'message');
      process.send('leaving');
      await mayLeave;
      await pause(workerLimits.handedOverMilliseconds);
    }
    await stopListening(server, systemClock);
    while (open.size > 0) await pause(1);
    process.disconnect();
  });
}
