/** Health and reflection, open to anybody: small requests, and a limited number of strangers' calls. */
import type { ServerHttp2Session } from 'node:http2';
import type { Clock } from '@countersign/verifier/clock';
import type { Metrics } from '../../platform/observability/metrics.ts';
import { createStrangers, type StrangersLimit } from '../strangers.ts';
import { type Arrival, ArrivingCall } from './arrivingCall.ts';
import type { Connections } from './connections.ts';
import type { Deadlines } from './deadlines.ts';
import type { LibraryCall } from './libraryCall.ts';
import { grpcLimits } from './limits.ts';
import { toGrpcError } from './status.ts';
import { overloaded, type Usage } from './usage.ts';

export interface OpenCallParts {
  readonly connections: Pick<Connections, 'usageOf'>;
  readonly deadlines: Deadlines;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly metrics: Pick<Metrics, 'connectionDropped'>;
}

/** Returns the function that admits such a call. */
export function createOpenCalls(parts: OpenCallParts): (streams: boolean, call: LibraryCall) => void {
  const { connections, deadlines, clock, metrics } = parts;
  const openCalls = createStrangers({
    total: grpcLimits.grpcOpenCalls,
    ofOneAddress: grpcLimits.grpcOpenCallsOfAddress,
  });

  /** Counts it among strangers' calls, or those of the connection's service. */
  const placeOf = (call: LibraryCall): Pick<Usage, 'begin' | 'end'> => {
    let leave = () => {};
    const session = call.stream.session as ServerHttp2Session | undefined;
    const beginAtService = (usage: Usage) => {
      usage.begin();
      leave = usage.end;
    };
    const giveWay = (limit: StrangersLimit) => {
      // A client may watch health before its first call; its service may be known by now.
      const usage = connections.usageOf(session);
      try {
        if (usage !== undefined) return beginAtService(usage);
      } catch {}
      metrics.connectionDropped('grpc_open_call', limit);
      call.sendStatus(toGrpcError(overloaded('open_calls')));
    };
    return {
      begin() {
        const usage = connections.usageOf(session);
        if (usage === undefined) leave = openCalls.enter(session?.socket.remoteAddress, giveWay);
        else beginAtService(usage);
      },
      end: () => leave(),
    };
  };

  return (streams, call) => {
    const arrival: Arrival = {
      requestBytes: grpcLimits.grpcOpenRequestBytes,
      milliseconds: grpcLimits.grpcCheckMilliseconds,
      streams,
      mayCompress: false,
      messages: grpcLimits.grpcOpenMessages,
      deadlines,
      refuse: (_call, _startedAt, error) => call.sendStatus(toGrpcError(error)),
    };
    const placed = placeOf(call);
    const usage = { ...placed, hold: () => {}, release: () => {} };
    const { start } = call;
    call.start = (listener) => {
      try {
        start.call(call, new ArrivingCall(arrival, call, clock.monotonic(), usage, listener));
      } catch (error) {
        call.sendStatus(toGrpcError(error));
      }
    };
  };
}
