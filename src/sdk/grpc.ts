/** `countersign/sdk/grpc`: an interceptor for servers of @grpc/grpc-js; `callerOf(call)` says who calls. */
import {
  Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from '@grpc/grpc-js';
import { verifyBearer } from './bearer.ts';
import type { AccessTokenClaims } from './claims.ts';
import type { Guard } from './guard.ts';
import { GuardError } from './guardError.ts';

export interface GuardInterceptorOptions {
  /** Which scopes a method needs, all of them; `path` is such as `/orders.v1.OrderService/GetOrder`. */
  readonly scopes?: (path: string) => readonly string[] | undefined;
  /** Methods for which it answers true need no token, such as those of health checks. */
  readonly isPublic?: (path: string) => boolean;
}

/** By the metadata of a call, which the interceptor and the handler both have. */
const callers = new WeakMap<Metadata, AccessTokenClaims>();

/** The claims of the access token of a call that came through the interceptor. Throws when there was none. */
export function callerOf(call: { readonly metadata: Metadata }): AccessTokenClaims {
  const caller = callers.get(call.metadata);
  if (caller === undefined) throw new Error('this call did not come through the guard');
  return caller;
}

/** For `new Server({ interceptors: [guardInterceptor(guard)] })`. */
export function guardInterceptor(
  guard: Pick<Guard, 'verify'>,
  { scopes = () => undefined, isPublic = () => false }: GuardInterceptorOptions = {},
): ServerInterceptor {
  return ({ path }, call) => {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        if (isPublic(path)) return next(metadata);
        const [authorization] = metadata.get('authorization');
        verifyBearer(guard, authorization?.toString(), scopes(path)).then(
          (caller) => {
            callers.set(metadata, caller);
            next(metadata);
          },
          (error) => refuse(call, error),
        );
      })
      .build();
    const responder = new ResponderBuilder().withStart((next) => next(listener)).build();
    return new ServerInterceptingCall(call, responder);
  };
}

function refuse(call: ServerInterceptingCallInterface, error: unknown): void {
  const known = error instanceof GuardError ? error : undefined;
  call.sendStatus({
    code: known === undefined ? status.INTERNAL : status[known.grpcStatus],
    details: known?.message ?? 'Something went wrong here',
    metadata: new Metadata(),
  });
}
