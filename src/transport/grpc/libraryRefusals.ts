/**
 * What the library refuses before any handler is asked (a deadline that is over, a message that cannot be inflated, a
 * second message of a unary call) it says below the interceptors that it offers, and in its own words. This one takes the
 * place of `sendStatus` on the call itself, so that those errors too have our codes and details. And a call that was told its
 * status is over: the library would keep its stream for as long as somebody goes on sending.
 */
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Clock } from '@countersign/verifier/clock';
import type { ServerInterceptor } from '@grpc/grpc-js';
import type { Deadlines } from './deadlines.ts';
import { libraryCall } from './libraryCall.ts';
import { ofLibrary } from './status.ts';

export function createLibraryRefusals(parts: {
  readonly deadlines: Deadlines;
  readonly clock: Pick<Clock, 'monotonic'>;
}): ServerInterceptor {
  const { deadlines, clock } = parts;

  /** RFC 9113 §8.1. Not at once: the reset would overtake the status, which may be on its way. */
  const endSoon = (stream: ServerHttp2Stream) => {
    const open = { until: clock.monotonic(), tooLate: () => stream.close(constants.NGHTTP2_NO_ERROR) };
    deadlines.add(open);
    stream.once('close', () => deadlines.delete(open));
  };

  return (method, intercepting) => {
    const call = libraryCall(intercepting);
    // Health and reflection have words of their own.
    const isOurs = method.path.startsWith('/countersign.');
    const { sendStatus } = call;
    call.sendStatus = (said) => {
      const ours = isOurs ? ofLibrary(said) : undefined;
      sendStatus.call(call, ours === undefined ? said : { ...said, ...ours });
      if (!call.receivedHalfClose && !call.stream.closed) endSoon(call.stream);
    };
    return intercepting as ReturnType<ServerInterceptor>;
  };
}
