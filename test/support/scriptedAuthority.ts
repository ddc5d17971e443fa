/** The wire of an authority, driven by a test: what a broken or hostile one could say, which ours never would. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { loadContract } from '@countersign/verifier/contract/contract';
import type { BatchIsRevokedRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/BatchIsRevokedRequest';
import type { BatchIsRevokedResponse } from '@countersign/verifier/contract/generated/countersign/v1/BatchIsRevokedResponse';
import type { IntrospectRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectRequest';
import type { IntrospectResponse } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectResponse';
import type { WatchRevocationsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsRequest';
import type { WatchRevocationsResponse } from '@countersign/verifier/contract/generated/countersign/v1/WatchRevocationsResponse';
import { createBloomFilter } from '@countersign/verifier/revocation/bloomFilter';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { eventually } from './eventually.ts';
import { issuer, openTokenForge, type TokenForge } from './tokenForge.ts';

const { v1 } = loadContract();

export type Request = WatchRevocationsRequest__Output;
export type Response = WatchRevocationsResponse;

export interface ScriptedStream {
  readonly received: readonly Request[];
  readonly authorization: string;
  /** The subscriber, or the connection, ended it. */
  over(): boolean;
  send(message: Response): void;
  /** What it said of one kind, in order. */
  of<Kind extends keyof Request>(kind: Kind): NonNullable<Request[Kind]>[];
  /** Waits for the next message of a kind that was not waited for yet. */
  next<Kind extends 'start' | 'renew' | 'acknowledge' | 'leave'>(
    kind: Kind,
  ): Promise<NonNullable<Request[Kind]>>;
  /** Answers each renewal from now on, also those that came before. */
  grant(leaseMs: number): void;
  /** Answers no renewal any more. */
  ignore(): void;
  end(code: status, details?: string): void;
}

export interface ScriptedAuthority {
  readonly port: number;
  readonly address: string;
  readonly forge: TokenForge;
  readonly streams: readonly ScriptedStream[];
  /** Subjects of which IsRevoked says so, in hexadecimal. */
  readonly revoked: Set<string>;
  /** How often it was asked, by method. */
  readonly asked: { batch: number; introspect: number; streams: number };
  /** How it answers questions, and streams that begin; `down`: UNAVAILABLE. */
  mood: {
    questions: 'well' | 'down' | 'forbidden' | 'silent' | 'short' | 'failure';
    streams: 'well' | status;
  };
  /** Of Introspect: what it says beside the claims of the forge's token. */
  introspection: IntrospectResponse;
  /** The n-th stream, from 0. */
  stream(index: number): Promise<ScriptedStream>;
  jwks(): string;
  stop(): Promise<void>;
}

export const started = {
  nodeId: 'node-1',
  issuer,
  renewalIntervalMs: 500,
  silenceMs: 2_000,
  sliceMs: 113_000,
  entries: 0,
};

export function jwkOf(publicKey: KeyObject): Record<string, unknown> {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' };
}

export function anotherJwk(): Record<string, unknown> {
  return jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
}

/** A whole filter, as messages. */
export function filterOf(
  ofSessions: boolean,
  sliceEndMs: number,
  bytes: Uint8Array | undefined = undefined,
  capacity = 4_096,
): Response[] {
  const size = createBloomFilter(capacity, 1e-4).bytes;
  return [
    { filterStart: { ofSessions, sliceEndMs, capacity, entries: 1 } },
    { filterBytes: { bytes: Buffer.from(bytes ?? new Uint8Array(size)) } },
  ];
}

/** `port` 0: any. `now`: when the forge issues. */
export async function startScriptedAuthority(
  now: number,
  port = 0,
  forge?: TokenForge,
): Promise<ScriptedAuthority> {
  const ours = forge ?? (await openTokenForge(now));
  const streams: ScriptedStream[] = [];
  const asked = { batch: 0, introspect: 0, streams: 0 };
  const revoked = new Set<string>();
  const mood: ScriptedAuthority['mood'] = { questions: 'well', streams: 'well' };
  const server = new Server();
  const { client_id, auth_time, ...claims } = ours.claims;

  server.addService(v1.RevocationService.service, {
    WatchRevocations(call: ServerDuplexStream<Request, Response>) {
      asked.streams += 1;
      if (mood.streams !== 'well') {
        call.on('error', () => {});
        return void call.emit('error', { code: mood.streams, details: 'in that mood' });
      }
      streams.push(createStream(call));
    },
    Revoke: () => {},
  });
  server.addService(v1.TokenService.service, {
    IsRevoked: () => {},
    BatchIntrospect: () => {},
    BatchIsRevoked(
      { request }: ServerUnaryCall<BatchIsRevokedRequest__Output, BatchIsRevokedResponse>,
      callback: sendUnaryData<BatchIsRevokedResponse>,
    ) {
      asked.batch += 1;
      if (mood.questions === 'down') return callback({ code: status.UNAVAILABLE, details: 'in that mood' });
      if (mood.questions === 'silent') return;
      const results = request.checks.map(({ subject }) => {
        const isRevoked = revoked.has(subject.toString('hex'));
        const failure = { status: 'FAILURE_STATUS_UNAVAILABLE', reason: 'mood', message: '' } as const;
        if (mood.questions === 'failure') return { revoked: true, failure };
        return {
          revoked: isRevoked,
          reason: isRevoked ? ('REASON_LOGOUT' as const) : ('REASON_UNSPECIFIED' as const),
        };
      });
      callback(null, { results: mood.questions === 'short' ? results.slice(1) : results });
    },
    Introspect(
      { request }: ServerUnaryCall<IntrospectRequest__Output, IntrospectResponse>,
      callback: sendUnaryData<IntrospectResponse>,
    ) {
      asked.introspect += 1;
      if (mood.questions === 'forbidden')
        return callback({ code: status.PERMISSION_DENIED, details: 'in that mood' });
      if (mood.questions === 'down') return callback({ code: status.UNAVAILABLE, details: 'in that mood' });
      if (mood.questions === 'silent') return;
      if (request.token !== ours.good) return callback(null, { active: false });
      callback(null, {
        ...claims,
        active: true,
        clientId: client_id,
        authTime: auth_time,
        tokenType: 'Bearer',
        ...authority.introspection,
      });
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const authority: ScriptedAuthority = {
    port: bound,
    address: `127.0.0.1:${bound}`,
    forge: ours,
    streams,
    revoked,
    asked,
    mood,
    introspection: {},
    stream: (index) => eventually(`stream ${index}`, () => streams[index]),
    jwks: () => JSON.stringify({ keys: [jwkOf(ours.publicKey)] }),
    async stop() {
      server.forceShutdown();
    },
  };
  return authority;
}

function createStream(call: ServerDuplexStream<Request, Response>): ScriptedStream {
  const received: Request[] = [];
  const waitedFor = new Set<Request>();
  let over = false;
  let leaseMs: number | undefined;
  const answer = ({ renew }: Request) => {
    if (renew && leaseMs !== undefined && !over) call.write({ lease: { number: renew.number, leaseMs } });
  };
  call.on('data', (message: Request) => {
    received.push(message);
    answer(message);
    if (message.leave) call.end();
  });
  for (const event of ['end', 'close', 'cancelled', 'error']) {
    call.on(event, () => {
      over = true;
    });
  }
  return {
    received,
    authorization: String(call.metadata.get('authorization')[0]),
    over: () => over,
    send(message) {
      if (!over) call.write(message);
    },
    of: (kind) => received.flatMap((message) => message[kind] ?? []) as never,
    next: async (kind) => {
      const found = await eventually(`a message: ${kind}`, () =>
        received.find((message) => message[kind] && !waitedFor.has(message)),
      );
      waitedFor.add(found);
      return found[kind] as never;
    },
    grant(milliseconds) {
      const before = leaseMs === undefined;
      leaseMs = milliseconds;
      if (before) for (const message of received) answer(message);
    },
    ignore() {
      leaseMs = undefined;
    },
    end(code, details = 'ended by the test') {
      call.emit('error', { code, details });
    },
  };
}

/** The usual beginning: a snapshot, keys and a lease. */
export function serve(
  stream: ScriptedStream,
  authority: ScriptedAuthority,
  {
    filters = [],
    leaseMs = 5_000,
    about = {},
  }: { filters?: readonly Response[]; leaseMs?: number; about?: object } = {},
): void {
  stream.send({ started: { ...started, ...about } });
  for (const message of filters) stream.send(message);
  stream.send({ keys: { jwks: authority.jwks(), ageMs: 0 } });
  stream.send({ snapshotEnd: { position: 10 } });
  stream.grant(leaseMs);
}
