/**
 * The library refuses some calls below its interceptors and in its own words (a passed deadline, a message it cannot inflate, a
 * second message of a unary call). This replaces the call's `sendStatus`, so that those errors also have our codes and details.
 * It also ends a call that got its status: the library would keep its stream while the caller goes on sending.
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

  /** RFC 9113 §8.1. Deferred: the reset would overtake the status. */
  const endSoon = (stream: ServerHttp2Stream) => {
    const open = { until: clock.monotonic(), tooLate: () => stream.close(constants.NGHTTP2_NO_ERROR) };
    deadlines.add(open);
    stream.once('close', () => deadlines.delete(open));
  };

  return (method, intercepting) => {
    const call = libraryCall(intercepting);
    // Health and reflection keep their own texts.
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
