/**
 * The gRPC edge for internal services. Owns listening, TLS, who may call and the translation of errors. Does not own
 * any rule about tokens: the handlers call one flow each.
 */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import {
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  setLogVerbosity,
  status,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import type { Service } from '../authn/service.ts';
import type { GrpcTls } from '../config/config.ts';
import { loadContract, serviceNames } from '../contract/contract.ts';
import type { Clock } from '../core/clock.ts';
import { AuthorityError, StartupError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { AuthenticateService } from '../flows/authenticateService.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import { type Authorize, createAuthorize, type Method } from './callers.ts';
import { createKeyService, type KeyServiceFlows } from './keyService.ts';
import { createRevocationService, type RevocationServiceFlows } from './revocationService.ts';
import { toGrpcError } from './status.ts';
import { createTokenService, type TokenServiceFlows } from './tokenService.ts';
import {
  createServeEdge,
  type ServeEdge,
  type WatchCall,
  type WatchRevocationsFlows,
} from './watchRevocations.ts';

export interface GrpcParts {
  readonly flows: TokenServiceFlows &
    RevocationServiceFlows &
    WatchRevocationsFlows &
    KeyServiceFlows & { readonly authenticateService: AuthenticateService };
  readonly issuer: string;
  /** Of the deny-list. */
  readonly sliceMs: number;
  readonly reflection: boolean;
  readonly tls: GrpcTls | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface GrpcServer {
  /** Answers the port, which is a free one when `port` is 0. Throws `StartupError` when the address is in use. */
  listen(host: string, port: number): Promise<number>;
  /** Says NOT_SERVING, lets calls in flight finish for at most `drainMs`, then cuts what is left. */
  close(drainMs: number): Promise<void>;
}

/** As the health service knows them: all together, and each. */
const healthNames = ['', ...serviceNames.map((name) => `countersign.v1.${name}`)];

export function createGrpcServer(parts: GrpcParts): GrpcServer {
  // The library writes to the console by itself; whatever matters of it reaches us as an error.
  setLogVerbosity(logVerbosity.NONE);
  const { definition, v1 } = loadContract();
  const server = new Server({
    'grpc.max_receive_message_length': limits.grpcRequestBytes,
    'grpc.max_concurrent_streams': limits.grpcStreamsPerConnection,
  });
  const authorize = createAuthorize(parts.flows.authenticateService);
  const tokens = createTokenService(parts.flows);
  server.addService(v1.TokenService.service, {
    IsRevoked: handler(parts, authorize, 'IsRevoked', tokens.IsRevoked),
    BatchIsRevoked: handler(parts, authorize, 'BatchIsRevoked', tokens.BatchIsRevoked),
    Introspect: handler(parts, authorize, 'Introspect', tokens.Introspect),
  });
  const revocations = createRevocationService(parts.flows);
  server.addService(v1.RevocationService.service, {
    Revoke: handler(parts, authorize, 'Revoke', revocations.Revoke),
    WatchRevocations: streamHandler(parts, authorize, 'WatchRevocations', createServeEdge(parts)),
  });
  const keys = createKeyService(parts.flows);
  server.addService(v1.KeyService.service, {
    ListKeys: handler(parts, authorize, 'ListKeys', keys.ListKeys),
    RotateKey: handler(parts, authorize, 'RotateKey', keys.RotateKey),
    RevokeKey: handler(parts, authorize, 'RevokeKey', keys.RevokeKey),
    ResealKeys: handler(parts, authorize, 'ResealKeys', keys.ResealKeys),
  });
  const health = new HealthImplementation(
    Object.fromEntries(healthNames.map((name) => [name, 'NOT_SERVING'])),
  );
  health.addToServer(server);
  if (parts.reflection) new ReflectionService(definition).addToServer(server);

  return {
    async listen(host, port) {
      const bound = await bind(server, host, port, await credentials(parts.tls));
      for (const name of healthNames) health.setStatus(name, 'SERVING');
      return bound;
    },
    async close(drainMs) {
      for (const name of healthNames) health.setStatus(name, 'NOT_SERVING');
      const cancel = parts.clock.after(drainMs, () => server.forceShutdown());
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      cancel();
    },
  };
}

/** What every method has in common: who calls, one answer or one status, one measurement. */
function handler<Request, Response>(
  parts: GrpcParts,
  authorize: Authorize,
  method: Method,
  answer: (request: Request, caller: Service) => Promise<Response>,
) {
  return async (
    call: ServerUnaryCall<Request, Response>,
    callback: sendUnaryData<Response>,
  ): Promise<void> => {
    const started = parts.clock.monotonic();
    const measure = (code: status) =>
      parts.metrics.grpcCall(method, status[code] ?? '', (parts.clock.monotonic() - started) / 1000);
    try {
      const caller = await authorize(method, call.metadata);
      const response = await answer(call.request, caller);
      measure(status.OK);
      callback(null, response);
    } catch (error) {
      report(parts, method, error);
      const grpcError = toGrpcError(error);
      measure(grpcError.code);
      callback(grpcError);
    }
  };
}

/** The same for a stream, which ends with one status. */
function streamHandler(parts: GrpcParts, authorize: Authorize, method: Method, serve: ServeEdge) {
  return async (call: WatchCall): Promise<void> => {
    const started = parts.clock.monotonic();
    const measure = (code: status) =>
      parts.metrics.grpcCall(method, status[code] ?? '', (parts.clock.monotonic() - started) / 1000);
    // One that breaks is closed as well, and that is noticed where it is read and written.
    call.on('error', () => {});
    try {
      await authorize(method, call.metadata);
      await serve(call, () => authorize(method, call.metadata));
      measure(status.OK);
      call.end();
    } catch (error) {
      report(parts, method, error);
      const grpcError = toGrpcError(error);
      measure(grpcError.code);
      call.emit('error', grpcError);
    }
  };
}

function report({ log, metrics }: GrpcParts, method: Method, error: unknown): void {
  const known = error instanceof AuthorityError ? error : undefined;
  metrics.refusal(known?.code ?? 'internal', known?.reason);
  if (known === undefined) log.error({ method, err: error }, 'a call failed');
  else if (known.code === 'unavailable')
    log.warn({ method, reason: known.reason, err: known.cause }, 'unavailable');
  else log.debug({ method, code: known.code, reason: known.reason }, 'refused');
}

async function credentials(tls: GrpcTls | undefined): Promise<ServerCredentials> {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const [certificate, privateKey, clientCa] = await Promise.all([
    readPem('GRPC_TLS_CERT', tls.certificatePath),
    readPem('GRPC_TLS_KEY', tls.privateKeyPath),
    tls.clientCaPath === undefined ? null : readPem('GRPC_TLS_CLIENT_CA', tls.clientCaPath),
  ]);
  const pair = { cert_chain: certificate, private_key: privateKey };
  try {
    createSecureContext({
      cert: certificate,
      key: privateKey,
      ...(clientCa === null ? {} : { ca: clientCa }),
    });
  } catch (cause) {
    throw new StartupError(
      `GRPC_TLS_*: not a certificate with its private key: ${(cause as Error).message}`,
      { cause },
    );
  }
  return ServerCredentials.createSsl(clientCa, [pair], clientCa !== null);
}

async function readPem(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new StartupError(`${setting}: ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function bind(server: Server, host: string, port: number, creds: ServerCredentials): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, creds, (error, bound) => {
      if (error === null) resolve(bound);
      else
        reject(
          new StartupError(`GRPC_PORT: cannot listen on ${address}: ${error.message}`, { cause: error }),
        );
    });
  });
}
