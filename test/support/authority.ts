/** A whole authority on a database of its own, in the process of the test: real HTTP, real gRPC, real SQL. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@countersign/verifier/clock';
import type { Test } from 'tap';
import { type Authority, openAuthority } from '../../src/authority.ts';
import { usualHashing } from '../../src/login/passwords/passwordHash.ts';
import { readConfig } from '../../src/platform/config/config.ts';
import { createLog } from '../../src/platform/observability/log.ts';
import { createMetrics } from '../../src/platform/observability/metrics.ts';
import { permissions } from '../../src/services/service.ts';
import { openDataFolder } from '../../src/storage/embedded/dataFolder.ts';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { openOperations } from '../../src/transport/http/operations.ts';
import {
  type Answer,
  createGrpcClient,
  createHttpClient,
  type GrpcClient,
  type HttpCall,
} from './clients.ts';
import { createMigratedDatabase } from './postgres.ts';

export const password = 'correct horse battery staple';

/** In the data folder of an authority whose database is on the shared server: its URL. */
const databaseFile = 'test-database';

const cheapHashing = { ...usualHashing, memoryKibibytes: 64, passes: 1 };

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly session_id: string;
  readonly expires_in: number;
  readonly refresh_expires_in: number;
}

export interface TestAuthority {
  readonly authority: Authority;
  readonly dataDir: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Of a service that may ask everything. */
  readonly serviceToken: string;
  readonly serviceName: string;
  readonly call: HttpCall;
  /** On an operations port, which the first call opens. */
  readonly operations: HttpCall;
  readonly grpc: GrpcClient;
  /** Everything that was logged, as JSON lines. */
  log(): string;
  register(email: string): Promise<Answer>;
  login(email: string, headers?: Record<string, string>): Promise<Tokens>;
  refresh(token: string, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** As RATE_LIMITS, but smaller than an operator may have it: so that a test need not make a thousand requests. */
  readonly rateLimits?: number;
  /** Hashes passwords as an authority does, which costs 10 ms each. */
  readonly usualHashing?: boolean;
  /** Opens the database in place of ours. */
  readonly openDatabase?: typeof openEngine;
  /** With the embedded database, unless `makeKeptFolder` made it, or of an authority that closed before. It is not removed at the end. */
  readonly dataDir?: string;
}

/**
 * Without `dataDir`, its database is on the shared server: that starts in a third of the time. The caller stops it:
 * `t.teardown(() => authority.stop())`.
 */
export async function startAuthority({
  env = {},
  clock = systemClock,
  rateLimits,
  dataDir,
  openDatabase = openEngine,
  usualHashing: hashesAsUsual = false,
}: Options = {}): Promise<TestAuthority> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'data-')));
  const isOwn = dataDir === undefined && env['DATABASE_URL'] === undefined;
  const database = isOwn ? await createMigratedDatabase() : undefined;
  const ofServer = join(folder, databaseFile);
  if (database !== undefined) await writeFile(ofServer, database.url);
  const databaseUrl = await readFile(ofServer, 'utf8').catch(() => undefined);
  const {
    config: read,
    secrets,
    settings,
  } = readConfig({
    ISSUER: 'http://127.0.0.1:8080',
    HTTP_PORT: '0',
    GRPC_PORT: '0',
    DATA_DIR: folder,
    // Tests come more often than people; those of limits say so.
    RATE_LIMITS: 'off',
    REGISTRATION: 'open',
    // Takes a fifth of a start.
    GRPC_REFLECTION: 'off',
    ...env,
  });
  const config = rateLimits === undefined ? read : { ...read, rateLimits };
  const lines: string[] = [];
  const log = createLog('debug', { write: (line: string) => void lines.push(line) });
  const dataFolder = await openDataFolder(config.storage.dataDir);
  const metrics = createMetrics();
  const authority = await openAuthority({
    ...{ config, secrets, settings, dataFolder, log, metrics, clock },
    ...(hashesAsUsual ? {} : { passwordHashing: cheapHashing }),
    openDatabase: (path, url, options) => openDatabase(path, url ?? databaseUrl, options),
  });
  const { httpPort, grpcPort } = await authority.listen().catch(async (error) => {
    await authority.close();
    throw error;
  });
  const { name: serviceName, token: serviceToken } = await ownService(authority, folder);
  const call = createHttpClient(`http://127.0.0.1:${httpPort}`);
  const grpc = createGrpcClient(`127.0.0.1:${grpcPort}`, serviceToken);
  const readiness = authority.readiness;
  let operations: ReturnType<typeof openOperations> | undefined;
  const onOperations = async () => {
    operations ??= openOperations({
      ...{ host: '127.0.0.1', port: 0, orAnyPort: false, reserved: [] },
      ...{ log, metrics, readiness },
    });
    return createHttpClient(`http://127.0.0.1:${(await operations).port}`);
  };

  return {
    authority,
    dataDir: folder,
    httpPort,
    grpcPort,
    serviceToken,
    serviceName,
    call,
    operations: async (...asked) => (await onOperations())(...asked),
    grpc,
    log: () => lines.join(''),
    register: (email) => call('POST', '/auth/register', { body: { email, password } }),
    async login(email, headers = {}) {
      const answer = await call('POST', '/auth/login', { body: { email, password }, headers });
      if (answer.status !== 200)
        throw new Error(`login answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body as Tokens;
    },
    refresh: (token, headers = {}) =>
      call('POST', '/auth/refresh', { body: { refresh_token: token }, headers }),
    async stop() {
      grpc.close();
      await (await operations)?.close();
      await authority.close();
      await database?.drop();
      if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** For an authority that starts more than once: its folder, and its database on the shared server. */
export async function makeKeptFolder(): Promise<{
  readonly dataDir: string;
  readonly databaseUrl: string;
  remove(): Promise<void>;
}> {
  const [dataDir, database] = [await mkdtemp(join(tmpdir(), 'data-')), await createMigratedDatabase()];
  await writeFile(join(dataDir, databaseFile), database.url);
  return {
    dataDir,
    databaseUrl: database.url,
    async remove() {
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** As `makeKeptFolder`, removed at the end of the test. */
export async function keptFolder(t: Test) {
  const folder = await makeKeptFolder();
  t.teardown(folder.remove);
  return folder;
}

/** Made by the first start on this folder, so that a later one writes nothing; and where it is gone. */
async function ownService(
  { operations }: Authority,
  folder: string,
): Promise<{ name: string; token: string }> {
  const path = join(folder, 'test-service.json');
  const kept = JSON.parse(await readFile(path, 'utf8').catch(() => '{}'));
  const services = await operations.listServices();
  if (services.some(({ name, revokedAt }) => name === kept.name && revokedAt === undefined)) return kept;
  const name = `test-${randomUUID()}`;
  const { token } = await operations.createService({ name, permissions }, { name: 'operator' });
  await writeFile(path, JSON.stringify({ name, token }));
  return { name, token };
}
