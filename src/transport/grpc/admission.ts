/**
 * Nothing before "who are you?": a call is authorised by its metadata before a byte of its message is read. From then on it has its
 * method's time to arrive and its method's longest message, in memory that is counted by service. Does not own who may call what:
 * see `callers.ts` and `methods.ts`.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Clock } from '@countersign/verifier/clock';
import type { ServerInterceptor } from '@grpc/grpc-js';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { Service } from '../../services/service.ts';
import { createStrangers, type StrangersLimit } from '../strangers.ts';
import { type Arrival, ArrivingCall } from './arrivingCall.ts';
import type { Authorize } from './callers.ts';
import type { CallReports } from './callReports.ts';
import type { Connections } from './connections.ts';
import type { Deadlines } from './deadlines.ts';
import { type CallListener, type LibraryCall, libraryCall } from './libraryCall.ts';
import { grpcLimits } from './limits.ts';
import { type Method, type MethodRow, methods } from './methods.ts';
import { toGrpcError } from './status.ts';
import { overloaded, type Usage } from './usage.ts';

export interface AdmissionParts {
  readonly authorize: Authorize;
  readonly connections: Pick<Connections, 'provedBy' | 'usageOf'>;
  readonly reports: CallReports;
  readonly deadlines: Deadlines;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly metrics: Pick<Metrics, 'connectionDropped'>;
}

export function createAdmission(parts: AdmissionParts): ServerInterceptor {
  const { authorize, connections, reports, deadlines, clock, metrics } = parts;
  /** Health and reflection, which anybody may call: small, and of them only so many at once. */
  const openCalls = createStrangers({
    total: grpcLimits.grpcOpenCalls,
    ofOneAddress: grpcLimits.grpcOpenCallsOfAddress,
  });

  const arrivalOf = (name: Method, streams: boolean): Arrival => {
    const { requestBytes, milliseconds }: MethodRow = methods[name];
    return {
      requestBytes,
      // A stream for ever waits for its first message itself.
      milliseconds: streams ? milliseconds : Math.min(milliseconds, grpcLimits.grpcArrivalMilliseconds),
      streams,
      mayCompress: true,
      messages: Number.POSITIVE_INFINITY,
      deadlines,
      refuse(call, startedAt, error) {
        if (call.stream.destroyed) return;
        reports.report(name, error);
        const grpcError = toGrpcError(error);
        reports.measure(name, startedAt, grpcError.code);
        call.sendStatus(grpcError);
      },
    };
  };

  /** Only once its service is known is the call begun, and the library reads. */
  const admit = (name: Method, arrival: Arrival, call: LibraryCall) => {
    const startedAt = clock.monotonic();
    const { start } = call;
    const letIn = (caller: Service, listener: CallListener) => {
      const usage = connections.provedBy(call.stream.session as ServerHttp2Session | undefined, caller);
      call.admitted = { caller, startedAt };
      start.call(call, new ArrivingCall(arrival, call, startedAt, usage, listener));
    };
    const refuse = (error: unknown) => arrival.refuse(call, startedAt, error);
    call.start = (listener) => {
      try {
        const caller = authorize(name, call);
        if (caller instanceof Promise) caller.then((found) => letIn(found, listener)).catch(refuse);
        else letIn(caller, listener);
      } catch (error) {
        refuse(error);
      }
    };
  };

  /** A stranger's, or of the service that has proved the connection to be its own. */
  const placeOf = (call: LibraryCall): Pick<Usage, 'begin' | 'end'> => {
    let leave = () => {};
    const session = call.stream.session as ServerHttp2Session | undefined;
    const beginAtService = (usage: Usage) => {
      usage.begin();
      leave = usage.end;
    };
    const giveWay = (limit: StrangersLimit) => {
      // A client watches health before its first call: by then it may be known.
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

  const letAnybodyIn = (streams: boolean, call: LibraryCall) => {
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

  /** By path; undefined for health and reflection. */
  const arrivals = new Map<string, Arrival>();
  return ({ path, requestStream }, interceptingCall) => {
    const call = libraryCall(interceptingCall);
    const name = path.slice(path.lastIndexOf('/') + 1) as Method;
    if (path.startsWith('/countersign.')) {
      const arrival = arrivals.get(path) ?? arrivalOf(name, requestStream);
      arrivals.set(path, arrival);
      admit(name, arrival, call);
    } else letAnybodyIn(requestStream, call);
    return interceptingCall as ReturnType<ServerInterceptor>;
  };
}
