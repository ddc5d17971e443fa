/**
 * A connection to one authority: gRPC on an HTTP/2 session of its own. Not by a gRPC client library, since only who owns the
 * socket can give up an attempt whose packets are dropped, and leave nothing behind (docs/adr/0019).
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
  /** False when nothing new can be asked on it. */
  usable(): boolean;
  call<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    events: CallEvents<Response>,
  ): Call<Request>;
  /** Asks once. Rejects with `RpcError` or `ProtocolFault`. */
  ask<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Request,
    limits: AnswerLimits,
  ): Promise<Response>;
  close(): void;
}

/** Of the answer to one question. */
export interface AnswerLimits {
  readonly milliseconds: number;
  readonly maximumBytes: number;
}

export interface Connecting {
  /** Rejects with `RpcError`. */
  readonly connected: Promise<Connection>;
  /** Gives up. */
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
      // What it throws would otherwise end the process: nobody else is on the stack here.
      const opened = attempt(() => openSession(address, socket, failOf), failOf);
      session = opened;
      opened?.once('remoteSettings', () => {
        cancelTimer();
        resolve(createConnection(opened, parts));
      });
    });
  });
  // Whoever has given up does not listen any more.
  connected.catch(() => {});
  return { connected, cancel: () => stop() };
}

function openSocket({ host, port }: Address, tls: ClientTls | undefined): Socket {
  if (tls === undefined) return connectTcp({ host, port, noDelay: true });
  const { ca, certificate, privateKey } = tls;
  return connectTls({
    ...{ host, port, ca, ALPNProtocols: ['h2'], minVersion: 'TLSv1.2' },
    // Node does not say it by itself; a proxy that goes by names needs it. An address is no name (RFC 6066 §3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(certificate === undefined ? {} : { cert: certificate, key: privateKey }),
  }).setNoDelay();
}

/** Of a name with several addresses, each of which failed; what says so has no words of its own. */
function firstOf(error: Error): Error {
  return error instanceof AggregateError ? (error.errors[0] ?? error) : error;
}

/** Errors of the network name the system call that failed, or are a reset or a timeout of Node's; all others are of TLS. */
function isOfTls(error: Error): boolean {
  const { syscall, code = '' } = error as NodeJS.ErrnoException;
  return syscall === undefined && !/^(ECONNRESET$|ERR_HTTP2|ERR_SOCKET)/.test(code);
}

/** Without the place in the sources of OpenSSL, which has a library for each of its errors. */
function tlsText(error: Error & { readonly library?: string; readonly reason?: string }): string {
  return `TLS: ${error.library === undefined ? error.message : error.reason}`;
}

/** Before HTTP/2 has begun. Those who are not accepted are told by nothing else, and a node that stops may look the same. */
function endedEarly(tls: ClientTls | undefined): [why: string, fault: { ofTls: boolean }] {
  if (tls === undefined)
    return ['the connection ended at once, as it does where TLS is spoken', { ofTls: false }];
  if (tls.certificate === undefined) return ['the connection ended', { ofTls: false }];
  return [
    'TLS: the connection ended at once, as it does when the client certificate is not accepted, or the node stops',
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
      // It ended, or is about to, since it was last looked at: that is nobody's fault.
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
 * Ends the socket as well. The socket of a session is the session's: who destroys it under its feet, or the session in the
 * middle of what came on it, frees memory that the runtime is about to use.
 */
function destroy(session: ClientHttp2Session): void {
  atEndOfTurn(() => {
    if (!session.destroyed) session.destroy(undefined, constants.NGHTTP2_CANCEL);
  });
}
