/**
 * Admits gRPC calls. A call is authorised by its metadata before any byte of its message is read. Then its request must arrive
 * within its method's time and size, in memory counted per service. Does not own permissions: see `callers.ts` and the `grpc.ts` of each slice.
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
import { type MethodRow, type Methods, rowOf } from './methodRow.ts';
import { createOpenCalls } from './openCalls.ts';
import { toGrpcError } from './status.ts';

export interface AdmissionParts {
  readonly methods: Methods;
  readonly authorize: Authorize;
  readonly connections: Pick<Connections, 'provedBy' | 'usageOf'>;
  readonly reports: CallReports;
  readonly deadlines: Deadlines;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly metrics: Pick<Metrics, 'connectionDropped'>;
}

export function createAdmission(parts: AdmissionParts): ServerInterceptor {
  const { methods, authorize, connections, reports, deadlines, clock } = parts;
  const letAnybodyIn = createOpenCalls(parts);

  const arrivalOf = (name: string, { requestBytes, milliseconds }: MethodRow, streams: boolean): Arrival => {
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

  const known = (path: string, streams: boolean): readonly [MethodRow, Arrival] => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const row = rowOf(methods, name);
    return [row, arrivalOf(name, row, streams)];
  };

  /** The library starts the call and reads only once the service is known. */
  const admit = (row: MethodRow, arrival: Arrival, call: LibraryCall) => {
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
        const caller = authorize(row, call);
        if (caller instanceof Promise) caller.then((found) => letIn(found, listener)).catch(refuse);
        else letIn(caller, listener);
      } catch (error) {
        refuse(error);
      }
    };
  };

  /** By path. Health and reflection have none. */
  const arrivals = new Map<string, readonly [MethodRow, Arrival]>();
  return ({ path, requestStream }, interceptingCall) => {
    const call = libraryCall(interceptingCall);
    if (path.startsWith('/countersign.')) {
      const found = arrivals.get(path) ?? known(path, requestStream);
      arrivals.set(path, found);
      admit(...found, call);
    } else letAnybodyIn(requestStream, call);
    return interceptingCall as ReturnType<ServerInterceptor>;
  };
}
