/** Two workers of node:cluster, one of them frozen; it is killed at SIGUSR2. Prints the port. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { systemClock } from '@countersign/verifier/clock';

if (cluster.isPrimary) {
  const { watchSharedListeners } = await import('../../dist/workers/sharedListeners.js');
  const listeners = watchSharedListeners(systemClock);
  cluster.schedulingPolicy = cluster.SCHED_RR;
  const workers = [cluster.fork(), cluster.fork()];
  const [[{ port }]] = await Promise.all(workers.map((worker) => once(worker, 'listening')));
  const [frozen] = workers;
  frozen.process.kill('SIGSTOP');
  frozen.once('exit', listeners.workerEnded);
  process.once('SIGUSR2', () => frozen.process.kill('SIGKILL'));
  process.stdout.write(`port ${port}\n`);
} else {
  createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('!'));
  }).listen(0, '127.0.0.1');
}
