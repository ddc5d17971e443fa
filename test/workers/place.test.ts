/** Whoever ends at a place is replaced: at once, and later and later when that does not help. */
import t from 'tap';
import { createLog } from '../../src/platform/observability/log.ts';
import { workerLimits } from '../../src/workers/limits.ts';
import { createPlace } from '../../src/workers/place.ts';
import type { WorkerEnd, WorkerProcess } from '../../src/workers/workerProcess.ts';
import { createManualClock } from '../support/manualClock.ts';

const ports = { httpPort: 8080, grpcPort: 50051 };
const killed = { isClean: false, how: 'SIGKILL' };

function later<Value>() {
  let resolve: (value: Value) => void = () => {};
  let reject: (fault: Error) => void = () => {};
  const promise = new Promise<Value>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

interface Started {
  listen(): Promise<void>;
  end(end: WorkerEnd, fault?: string): Promise<void>;
  readonly signals: string[];
}

function aPlace() {
  const clock = createManualClock(0);
  const started: Started[] = [];
  let ended = 0;
  const lines: string[] = [];
  let fault: Error | undefined;
  const startProcess = (): WorkerProcess => {
    if (fault !== undefined) {
      const thrown = fault;
      fault = undefined;
      throw thrown;
    }
    const listening = later<typeof ports>();
    const end = later<WorkerEnd>();
    listening.promise.catch(() => {});
    const signals: string[] = [];
    started.push({
      signals,
      async listen() {
        listening.resolve(ports);
        await clock.settle();
      },
      async end(how, fault) {
        end.resolve(how);
        listening.reject(new Error(fault ?? how.how));
        await clock.settle();
      },
    });
    return {
      pid: started.length,
      isOpen: () => true,
      listening: listening.promise,
      ended: end.promise,
      ask: async () => Promise.reject(new Error('nobody asks')),
      run: async () => 0,
      stop: (signal) => void signals.push(signal),
      kill: () => {},
    };
  };
  const log = createLog('info', { write: (line: string) => void lines.push(line) });
  const place = createPlace({ number: 2, clock, log, startProcess, onEnded: () => (ended += 1) });
  const last = () => started.at(-1) as Started;
  const failNext = (next: Error) => {
    fault = next;
  };
  return { place, clock, started, last, lines, failNext, ended: () => ended };
}

t.test('one that served long is replaced at once', async (t) => {
  const { place, clock, started, last, lines, ended } = aPlace();
  const first = place.start();
  t.notOk(place.isServing());
  await last().listen();
  t.strictSame(await first, ports);
  t.ok(place.isServing());
  t.equal(place.trouble(), undefined);
  await clock.advance(workerLimits.steadyMilliseconds);
  await last().end(killed);
  t.notOk(place.isServing());
  t.equal(place.trouble(), 'worker 2 ended: SIGKILL');
  await clock.advance(0);
  t.equal(started.length, 2);
  t.notOk(place.isServing(), 'before it listens');
  await last().listen();
  t.ok(place.isServing());
  t.equal(place.trouble(), undefined);
  t.equal(ended(), 1);
  t.match(JSON.parse(lines[0] ?? ''), {
    level: 'warn',
    worker: 2,
    pid: 1,
    why: 'worker 2 ended: SIGKILL',
    waitMs: 0,
  });
});

t.test('a process that cannot be made is tried again', async (t) => {
  const { place, clock, started, last, lines, failNext } = aPlace();
  const first = place.start();
  await last().listen();
  await first;
  failNext(new Error('spawn ENOMEM'));
  await last().end(killed);
  await clock.advance(0);
  t.equal(place.trouble(), 'worker 2 could not be started: spawn ENOMEM');
  t.match(JSON.parse(lines.at(-1) ?? ''), { level: 'error', waitMs: 500 });
  await clock.advance(500);
  t.equal(started.length, 2);
});

t.test('one that cannot start does not spin', async (t) => {
  const { place, clock, started, last, lines } = aPlace();
  const first = place.start();
  await last().listen();
  await first;
  const waits: number[] = [];
  await last().end(killed);
  for (let time = 0; time < 10; time += 1) {
    const [before, since] = [started.length, clock.monotonic()];
    while (started.length === before) await clock.advance(started.length === 1 ? 0 : 500);
    waits.push(clock.monotonic() - since);
    await last().end({ isClean: false, how: 'exit code 1' }, 'REDIS_URL: it is gone');
  }
  t.strictSame(waits, [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  t.equal(place.trouble(), 'REDIS_URL: it is gone');
  t.match(JSON.parse(lines.at(-1) ?? ''), { level: 'error', why: 'REDIS_URL: it is gone' });
});

t.test('the first one that cannot start is not replaced: its fault is the caller’s', async (t) => {
  const { place, clock, started, last } = aPlace();
  const refused = t.rejects(place.start(), { message: 'GRPC_PORT: it is taken' });
  await last().end({ isClean: false, how: 'exit code 1' }, 'GRPC_PORT: it is taken');
  await refused;
  await clock.advance(60_000);
  t.equal(started.length, 1);
  t.equal(await place.stop('SIGTERM'), undefined, 'nobody is left to be stopped');
});

t.test('after a stop nobody is replaced, whether one serves or is waited for', async (t) => {
  const serving = aPlace();
  void serving.place.start();
  await serving.last().listen();
  const stopped = serving.place.stop('SIGTERM');
  t.strictSame(serving.last().signals, ['SIGTERM']);
  await serving.last().end({ isClean: true, how: 'exit code 0' });
  t.match(await stopped, { isClean: true });
  await serving.clock.advance(60_000);
  t.equal(serving.started.length, 1);
  t.equal(serving.ended(), 0);
  t.notOk(serving.place.isServing());

  const early = aPlace();
  await early.place.stop('SIGTERM');
  await t.rejects(early.place.start(), { message: 'stopped' });
  t.equal(early.started.length, 0);

  const waited = aPlace();
  void waited.place.start();
  await waited.last().listen();
  await waited.last().end(killed);
  t.equal(await waited.place.stop('SIGINT'), undefined);
  await waited.clock.advance(60_000);
  t.equal(waited.started.length, 1);
});
