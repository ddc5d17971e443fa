/**
 * A connection to one authority: gRPC on its own HTTP/2 session. Not a gRPC library: only the owner of the socket can abandon an
 * attempt whose packets are dropped without leaving anything behind (docs/adr/0019).
 */
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { atEndOfTurn, type Cancel, type Clock } from '@countersign/verifier/clock';
import type { Address, ClientTls } from './address.ts';
import { type Call, type CallEvents, createCall, type Method } from './call.ts';
import { guardLimits } from './limits.ts';
import { ProtocolFault, RpcError } from './rpcError.ts';

export interface ConnectionParts {
  readonly clock: Clock;
  readonly tls: ClientTls | undefined;
  readonly serviceToken: string | undefined;
}

export interface Connection {
  /** False when it takes no more requests. */
  usable(): boolean;
  call<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    events: CallEvents<Response>,
  ): Call<Request>;
  /** Makes one request. Rejects with `RpcError` or `ProtocolFault`. */
  ask<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
    limits: AnswerLimits,
  ): Promise<Response>;
  close(): void;
}

/** Limits of one answer. */
export interface AnswerLimits {
  readonly milliseconds: number;
  readonly maximumBytes: number;
}

export interface Connecting {
  /** Rejects with `RpcError`. */
  readonly connected: Promise<Connection>;
  /** Abandons the attempt. */
  cancel(): void;
}

export function connect(address: Address, parts: ConnectionParts): Connecting {
  const { tls, clock } = parts;
  const socket = openSocket(address, tls);
  let stop: () => void = () => {};
  const connected = new Promise<Connection>((resolve, reject) => {
    let session: ClientHttp2Session | undefined;
    const fail = (why: string, { ofTls = false } = {}) => {
      cancelTimer();
      if (session === undefined) socket.destroy();
      else destroy(session);
      reject(new RpcError('UNAVAILABLE', why, { ofTls }));
    };
    const failOf = (thrown: Error) => {
      const error = firstOf(thrown);
      if (tls !== undefined && isOfTls(error)) fail(tlsText(error), { ofTls: true });
      else fail(error.message);
    };
    const cancelTimer: Cancel = clock.after(guardLimits.connectMilliseconds, () =>
      fail('no connection in time'),
    );
    stop = () => fail('given up');
    socket.on('error', failOf);
    socket.on('close', () => fail(...endedEarly(tls)));
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      if (tls !== undefined && 'alpnProtocol' in socket && socket.alpnProtocol !== 'h2')
        return fail('TLS: the other side does not offer HTTP/2', { ofTls: true });
      // Nothing above catches errors here: a thrown one would end the process.
      const opened = attempt(() => openSession(address, socket, failOf), failOf);
      session = opened;
      opened?.once('remoteSettings', () => {
        cancelTimer();
        resolve(createConnection(opened, parts));
      });
    });
  });
  // An abandoned attempt has no listener.
  connected.catch(() => {});
  return { connected, cancel: () => stop() };
}

function openSocket({ host, port }: Address, tls: ClientTls | undefined): Socket {
  if (tls === undefined) return connectTcp({ host, port, noDelay: true });
  const { ca, certificate, privateKey } = tls;
  return connectTls({
    ...{ host, port, ca, ALPNProtocols: ['h2'], minVersion: 'TLSv1.2' },
    // Node.js does not send it by itself, and name-based proxies need it. An address is not a name (RFC 6066 §3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(certificate === undefined ? {} : { cert: certificate, key: privateKey }),
  }).setNoDelay();
}

/** A name with several addresses fails with an aggregate error that has no message of its own. */
function firstOf(error: Error): Error {
  return error instanceof AggregateError ? (error.errors[0] ?? error) : error;
}

/** Network errors name the failed system call, or are Node.js's own resets and timeouts; all others come from TLS. */
function isOfTls(error: Error): boolean {
  const { syscall, code = '' } = error as NodeJS.ErrnoException;
  return syscall === undefined && !/^(ECONNRESET$|ERR_HTTP2|ERR_SOCKET)/.test(code);
}

/** Without OpenSSL's source location; errors from OpenSSL have a `library`. */
function tlsText(error: Error & { readonly library?: string; readonly reason?: string }): string {
  return `TLS: ${error.library === undefined ? error.message : error.reason}`;
}

/**
 * The connection ended before HTTP/2 began. A refused client certificate gives no other sign, and a stopping node may look the
 * same.
 */
function endedEarly(tls: ClientTls | undefined): [why: string, fault: { ofTls: boolean }] {
  if (tls === undefined)
    return ['the connection ended at once, as it does where TLS is required', { ofTls: false }];
  if (tls.certificate === undefined) return ['the connection ended', { ofTls: false }];
  return [
    'TLS: the connection ended at once, as it does when the client certificate is refused, or the node stops',
    { ofTls: true },
  ];
}

function attempt<T>(work: () => T, fail: (error: Error) => void): T | undefined {
  try {
    return work();
  } catch (error) {
    fail(error as Error);
    return undefined;
  }
}

function openSession({ text }: Address, socket: Socket, fail: (error: Error) => void): ClientHttp2Session {
  const session = connectHttp2(`http://${text}`, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: guardLimits.windowBytes },
    maxHeaderListPairs: guardLimits.headers,
  });
  session.on('error', fail);
  session.once('connect', () => session.setLocalWindowSize(guardLimits.windowBytes));
  return session;
}

function createConnection(
  session: ClientHttp2Session,
  { clock, tls, serviceToken }: ConnectionParts,
): Connection {
  let goingAway = false;
  session.on('goaway', () => {
    goingAway = true;
  });
  const headersOf = (path: string) => ({
    ':method': 'POST',
    ':path': path,
    ':scheme': tls === undefined ? 'http' : 'https',
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'countersign-sdk',
    ...(serviceToken === undefined ? {} : { authorization: `Bearer ${serviceToken}` }),
  });

  const request = (path: string) => {
    try {
      return session.request(headersOf(path), { endStream: false });
    } catch (error) {
      // It ended, or is about to, since the last check: nobody's fault.
      throw new RpcError('UNAVAILABLE', (error as Error).message);
    }
  };
  const call = <Request extends object, Response extends object>(
    method: Method<Request, Response>,
    events: CallEvents<Response>,
    maximumBytes: number = guardLimits.messageBytes,
  ) => createCall(request(method.path), method, events, maximumBytes);

  return {
    usable: () => !goingAway && !session.closed && !session.destroyed,
    call,
    ask(method, request, { milliseconds, maximumBytes }) {
      return new Promise((resolve, reject) => {
        let answer: Parameters<typeof resolve>[0] | undefined;
        const calling = call(
          method,
          {
            onMessage(message) {
              if (answer !== undefined) throw new ProtocolFault('two answers to one question');
              answer = message;
            },
            onEnd(error) {
              cancelTimer();
              if (error !== undefined) reject(error);
              else if (answer === undefined) reject(new ProtocolFault('no answer, and no error'));
              else resolve(answer);
            },
          },
          maximumBytes,
        );
        const cancelTimer = clock.after(milliseconds, () => {
          calling.cancel();
          reject(new RpcError('DEADLINE_EXCEEDED', `no answer within ${milliseconds} ms`));
        });
        calling.send(request);
        calling.finish();
      });
    },
    close() {
      goingAway = true;
      destroy(session);
    },
  };
}

/**
 * Also ends the socket. The session owns it: destroying the socket separately, or the session while it handles data, frees memory
 * that Node.js still uses.
 */
function destroy(session: ClientHttp2Session): void {
  atEndOfTurn(() => {
    if (!session.destroyed) session.destroy(undefined, constants.NGHTTP2_CANCEL);
  });
}
