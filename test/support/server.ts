/** The authority as it is shipped: the built program in a process of its own, which a test may kill. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inCheckout } from './checkout.ts';
import { createGrpcClient, createHttpClient, type GrpcClient, type HttpCall } from './clients.ts';
import { freePort } from './freePort.ts';
import { type StartedProcess, startProcess } from './process.ts';

export const distFolder = inCheckout('dist/');

export interface TestServer {
  readonly process: StartedProcess;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly operationsPort: number;
  readonly call: HttpCall;
  /** On its operations port. */
  readonly operations: HttpCall;
  readonly grpc: GrpcClient;
  /** Kills it, if nobody has, and waits for its end. */
  stop(): Promise<void>;
}

/** Resolves when it says that it is ready, within `milliseconds`. The caller stops it, and removes the folder. */
export async function startServer(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
  milliseconds?: number,
): Promise<TestServer> {
  const portOf = async (name: string) => Number(env[name] ?? (await freePort()));
  const [httpPort, grpcPort] = [await portOf('HTTP_PORT'), await portOf('GRPC_PORT')];
  const started = startProcess(process.execPath, [join(distFolder, 'main.js')], {
    env: {
      DATA_DIR: dataDir,
      HTTP_PORT: String(httpPort),
      GRPC_PORT: String(grpcPort),
      OPERATIONS_PORT: '0',
      LOG_LEVEL: 'warn',
      // Tests come more often than people; those of limits say so.
      RATE_LIMITS: 'off',
      REGISTRATION: 'open',
      // Takes a tenth of a start.
      GRPC_REFLECTION: 'off',
      // The same for every start on this folder, whatever the ports.
      ISSUER: 'http://127.0.0.1:8080',
      ...env,
    },
  });
  const [, operationsPort] = await started
    .waitForOutput(/^ {2}Operations .*:(\d+) /m, milliseconds)
    .catch(async (error) => {
      // It would keep its folder, and the test's process, for ever.
      await started.stop();
      throw error;
    });
  const serviceToken = await readFile(join(dataDir, 'service-token'), 'utf8').catch(() => '');
  const grpc = createGrpcClient(`127.0.0.1:${grpcPort}`, serviceToken.trim());
  return {
    process: started,
    httpPort,
    grpcPort,
    operationsPort: Number(operationsPort),
    call: createHttpClient(`http://127.0.0.1:${httpPort}`),
    operations: createHttpClient(`http://127.0.0.1:${operationsPort}`),
    grpc,
    async stop() {
      grpc.close();
      await started.stop();
    },
  };
}
