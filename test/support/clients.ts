/** Clients as a program outside would have them: HTTP by Node.js (fetch takes three times as long), gRPC by the generated stubs. */

import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { IntrospectResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectResponse';
import type { IsRevokedResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IsRevokedResponse';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { createRpcClient } from './rpcClient.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly body: any;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as the bearer token. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Rejects when there is no answer within this; without it, waits as long as the server does. */
  readonly milliseconds?: number;
}

export type HttpCall = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

const agent = new Agent({ keepAlive: true });

/** Follows no redirect. */
export function createHttpClient(base: string): HttpCall {
  return async (method, path, { body, token, headers, milliseconds } = {}) => {
    // A text would give its encoding to the headers.
    const sent = body === undefined ? undefined : bytesOf(body);
    const asked = request(base + path, {
      ...{ method, agent },
      ...(milliseconds === undefined ? {} : { signal: AbortSignal.timeout(milliseconds) }),
      headers: {
        ...{ accept: '*/*', 'user-agent': 'node' },
        ...(sent && { 'content-type': 'application/json', 'content-length': sent.length }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    // One after the response has come rejects the reading of it.
    asked.on('error', () => {});
    asked.end(sent);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return answerOf(response);
  };
}

function bytesOf(body: unknown): Buffer {
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const [got, headers] = [await text(response), headersOf(response)];
  const isJson = got !== '' && headers.get('content-type')?.includes('json');
  return { status: response.statusCode ?? 0, headers, body: isJson ? JSON.parse(got) : got };
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  return headers;
}

export interface GrpcClient {
  isRevoked(jti: string, serviceToken?: string): Promise<IsRevokedResponse__Output>;
  batchIsRevoked(
    jtis: readonly string[],
    serviceToken?: string,
  ): Promise<readonly IsRevokedResponse__Output[]>;
  introspect(token: string, serviceToken?: string): Promise<IntrospectResponse__Output>;
  close(): void;
}

/** A server that was started again is found again soon. */
const patience = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };

/**
 * Calls carry the service token, unless a call names another; an empty one means none. Errors are `ServiceError`s, also
 * when there is no answer within `milliseconds`.
 */
export function createGrpcClient(address: string, ownToken: string, milliseconds?: number): GrpcClient {
  const { call, close } = createRpcClient(address, ownToken, credentials.createInsecure(), patience);
  const within = (token: string) => ({ token, ...(milliseconds === undefined ? {} : { milliseconds }) });
  return {
    isRevoked: (jti, token = ownToken) => call('isRevoked', { jti }, within(token)),
    batchIsRevoked: async (jtis, token = ownToken) =>
      (await call('batchIsRevoked', { jtis: [...jtis] }, within(token))).results,
    introspect: (subject, token = ownToken) => call('introspect', { token: subject }, within(token)),
    close,
  };
}

/** The name of a gRPC error's status, for assertions. */
export async function statusOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'OK',
    (error: ServiceError) => status[error.code] ?? String(error),
  );
}

export function claimsOf(
  accessToken: string,
): Record<string, unknown> & { jti: string; sid: string; sub: string } {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
}

/** The `kid` of a token that has one. */
export function kidOf(accessToken: string): string {
  return JSON.parse(Buffer.from(accessToken.split('.')[0] ?? '', 'base64url').toString()).kid;
}
