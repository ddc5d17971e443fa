/**
 * Admits gRPC calls. A call is authorised by its metadata before any byte of its message is read. Then its request must arrive
 * within its method's time and size, in memory counted per service. Does not own permissions: see `callers.ts` and `methods.ts`.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Clock } from '@countersign/verifier/clock';
import type { ServerInterceptor } from '@grpc/grpc-js';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { Service } from '../../services/service.ts';
import { type Arrival, ArrivingCall } from './arrivingCall.ts';
import type { Authorize } from './callers.ts';
import type { CallReports } from './callReports.ts';
import type { Connections } from './connections.ts';
import type { Deadlines } from './deadlines.ts';
import { type CallListener, type LibraryCall, libraryCall } from './libraryCall.ts';
import { grpcLimits } from './limits.ts';
import { type Method, type MethodRow, methods } from './methods.ts';
import { createOpenCalls } from './openCalls.ts';
import { toGrpcError } from './status.ts';

export interface AdmissionParts {
  readonly authorize: Authorize;
  readonly connections: Pick<Connections, 'provedBy' | 'usageOf'>;
  readonly reports: CallReports;
  readonly deadlines: Deadlines;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly metrics: Pick<Metrics, 'connectionDropped'>;
}

export function createAdmission(parts: AdmissionParts): ServerInterceptor {
  const { authorize, connections, reports, deadlines, clock } = parts;
  const letAnybodyIn = createOpenCalls(parts);

  const arrivalOf = (name: Method, streams: boolean): Arrival => {
    const { requestBytes, milliseconds }: MethodRow = methods[name];
    return {
      requestBytes,
      // An endless stream times its first message itself.
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

  /** The library starts the call and reads only once the service is known. */
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

  /** By path. Health and reflection have none. */
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
