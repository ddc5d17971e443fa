/** One worker, as the main process sees it: from its start to its end, with questions and answers in between. */
import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import type { StopSignal } from '../platform/stop.ts';
import type { CommandRequest, Output } from '../transport/cli/control.ts';
import type { Ports } from '../transport/listeners.ts';
import { workerLimits } from './limits.ts';
import { type Answers, type FromWorker, type ToWorker, workerParameter } from './messages.ts';

export interface WorkerProcess {
  readonly pid: number;
  /** Whether it runs commands and tells its health. */
  isOpen(): boolean;
  /** Its ports, once it listens. Rejects with the reason when it ends before. */
  readonly listening: Promise<Ports>;
  readonly ended: Promise<WorkerEnd>;
  /** Rejects when there is no answer in time, or it ends. */
  ask<Question extends keyof Answers>(question: Question): Promise<Answers[Question]>;
  /** Resolves with the command's exit code. Rejects when it ends before. */
  run(request: CommandRequest, output: Output): Promise<number>;
  stop(signal: StopSignal): void;
  kill(): void;
}

export interface WorkerEnd {
  /** It stopped, and in time. */
  readonly isClean: boolean;
  /** The fault that it told, or how it ended. */
  readonly how: string;
}

export interface WorkerEvents {
  /** Its start waits. */
  readonly onWait: (why: string) => void;
  readonly onOpened: () => void;
  /** It is about to close its listeners, when this resolves. */
  readonly onLeaving: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (why: Error) => void;
  readonly output?: Output;
}

const program = fileURLToPath(new URL('../main.js', import.meta.url));

export function startWorkerProcess(number: number, clock: Clock, events: WorkerEvents): WorkerProcess {
  // Each connection goes to the next worker; the system's way would give most to a few of them.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: program, args: [workerParameter, String(number)] });
  const worker = cluster.fork();
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let isOpen = false;
  let fault: string | undefined;
  const say = (message: ToWorker) => void (worker.isConnected() && worker.send(message));
  const asked = (question: (id: number) => ToWorker, output?: Output) => {
    lastId += 1;
    const id = lastId;
    const answer = new Promise<unknown>((resolve, reject) => {
      waiting.set(id, { resolve, reject, ...(output && { output }) });
      say(question(id));
    });
    return { id, answer };
  };

  const ended = endOf(worker).then((end) => {
    isOpen = false;
    for (const { reject } of waiting.values()) reject(new Error('the worker ended'));
    waiting.clear();
    return { ...end, how: fault ?? end.how };
  });
  const listening = new Promise<Ports>((resolve, reject) => {
    const hearStart = (message: FromWorker) => {
      if ('waiting' in message) events.onWait(message.waiting);
      if ('failed' in message) fault = message.failed;
      if ('listening' in message) resolve(message.listening);
      if (!('opened' in message)) return;
      isOpen = true;
      events.onOpened();
    };
    worker.on('message', (message: FromWorker) => {
      if ('id' in message) settle(waiting, message);
      else if ('leaving' in message) void events.onLeaving().then(() => say({ mayLeave: true }));
      else hearStart(message);
    });
    void ended.then(({ how }) =>
      reject(new Error(fault ?? `worker ${number} ended while it started: ${how}`)),
    );
  });
  listening.catch(() => {});

  return {
    pid: worker.process.pid ?? 0,
    isOpen: () => isOpen,
    listening,
    ended,
    ask(question) {
      const { id, answer } = asked((id) => ({ id, ask: question }));
      const late = () => {
        waiting.delete(id);
        return new Error('the worker does not answer');
      };
      return withDeadline(
        clock,
        workerLimits.answerMilliseconds,
        answer as Promise<Answers[typeof question]>,
        late,
      );
    },
    run: (request, output) => asked((id) => ({ id, run: request }), output).answer as Promise<number>,
    stop: (signal) => say({ stop: signal }),
    kill: () => worker.kill('SIGKILL'),
  };
}

function endOf(worker: Worker): Promise<WorkerEnd> {
  return new Promise((resolve) => {
    worker.once('exit', (code, signal) => {
      resolve({ isClean: code === 0, how: signal ?? `exit code ${code}` });
    });
    worker.on('error', (error) => {
      // Else a message was too late for it.
      if (worker.process.pid === undefined) resolve({ isClean: false, how: error.message });
    });
  });
}

function settle(waiting: Map<number, Waiting>, message: Extract<FromWorker, { readonly id: number }>): void {
  const asked = waiting.get(message.id);
  if (asked === undefined) return;
  if ('output' in message) {
    print(message.output, asked.output);
    return;
  }
  waiting.delete(message.id);
  if ('fault' in message) asked.reject(new Error(message.fault));
  else asked.resolve(message.answer);
}

function print(said: Extract<FromWorker, { output: unknown }>['output'], output: Output | undefined): void {
  if ('out' in said) output?.out(said.out);
  else if ('err' in said) output?.err(said.err);
  else output?.progress?.(said.progress);
}
