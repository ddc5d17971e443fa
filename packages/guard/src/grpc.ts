/** `@countersign/guard/grpc`: an interceptor for servers of @grpc/grpc-js; `callerOf(call)` says who calls. */
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
import { tell } from './hooks.ts';

export interface GuardInterceptorOptions {
  /** Which scopes a method needs, all of them; `path` is such as `/orders.v1.OrderService/GetOrder`. */
  readonly scopes?: (path: string) => readonly string[] | undefined;
  /** Methods for which it answers true need no token, such as those of health checks. */
  readonly isPublic?: (path: string) => boolean;
  /**
   * Told what was thrown that is no refusal, such as by `scopes`; the caller is told INTERNAL and nothing else. Without it
   * a warning of the process says so. What it throws is ignored.
   */
  readonly onError?: (error: unknown, path: string) => void;
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
  { scopes = () => undefined, isPublic = () => false, onError = warn }: GuardInterceptorOptions = {},
): ServerInterceptor {
  // A promise from the beginning: what is thrown in a listener of grpc-js ends the process.
  const admit = async (path: string, metadata: Metadata): Promise<void> => {
    if (isPublic(path)) return;
    // RFC 9110 §5.3: several values are one with commas, and that holds no bearer token.
    const values = metadata.get('authorization');
    const authorization = values.length === 0 ? undefined : values.join(', ');
    callers.set(metadata, await verifyBearer(guard, authorization, scopes(path)));
  };
  return ({ path }, call) => {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        admit(path, metadata).then(
          () => next(metadata),
          (error) => {
            if (!(error instanceof GuardError)) tell((thrown) => onError(thrown, path), error);
            refuse(call, error);
          },
        );
      })
      .build();
    const responder = new ResponderBuilder().withStart((next) => next(listener)).build();
    return new ServerInterceptingCall(call, responder);
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

function refuse(call: ServerInterceptingCallInterface, error: unknown): void {
  const known = error instanceof GuardError ? error : undefined;
  call.sendStatus({
    code: known === undefined ? status.INTERNAL : status[known.grpcStatus],
    details: known?.message ?? 'Something went wrong here',
    metadata: new Metadata(),
  });
}
