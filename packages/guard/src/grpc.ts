/** `@countersign/guard/grpc`: an interceptor for @grpc/grpc-js servers; `callerOf(call)` returns the caller. */
import {
  Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from '@grpc/grpc-js';
import { verifySent } from './bearer.ts';
import type { AccessTokenClaims } from './claims.ts';
import type { Guard } from './guard.ts';
import { GuardError } from './guardError.ts';
import { tell } from './hooks.ts';
import type { VerifyOptions } from './verify.ts';

export interface GuardInterceptorOptions {
  /** The scopes a method needs, all of them; `path` is like `/orders.v1.OrderService/GetOrder`. */
  readonly scopes?: (path: string) => readonly string[] | undefined;
  /** How the user of a method must have been authenticated. */
  readonly authentication?: (path: string) => Pick<VerifyOptions, 'maxAgeSeconds' | 'acr'> | undefined;
  /** Methods for which it returns true need no token, such as health checks. */
  readonly isPublic?: (path: string) => boolean;
  /**
   * Scheme and host of this server as its clients see them, such as `https://orders.internal:50052`. Proofs of a key are for
   * `POST` and this with the path of the method, in the metadata `dpop`. By default `https` and the authority of the call.
   */
  readonly origin?: string;
  /**
   * Receives unexpected errors, such as one thrown by `scopes`; the caller only gets INTERNAL. By default they become process
   * warnings. Its own errors are ignored.
   */
  readonly onError?: (error: unknown, path: string) => void;
}

/** Keyed by the call's metadata, which interceptor and handler share. */
const callers = new WeakMap<Metadata, AccessTokenClaims>();

/** The claims of a call's access token. Throws when the call did not pass the interceptor. */
export function callerOf(call: { readonly metadata: Metadata }): AccessTokenClaims {
  const caller = callers.get(call.metadata);
  if (caller === undefined) throw new Error('this call did not come through the guard');
  return caller;
}

/** For `new Server({ interceptors: [guardInterceptor(guard)] })`. */
export function guardInterceptor(
  guard: Pick<Guard, 'verify'>,
  {
    scopes = () => undefined,
    authentication = () => undefined,
    isPublic = () => false,
    onError = warn,
    origin,
  }: GuardInterceptorOptions = {},
): ServerInterceptor {
  // Async from the start: an error thrown in a grpc-js listener ends the process.
  const admit = async (
    path: string,
    metadata: Metadata,
    call: ServerInterceptingCallInterface,
  ): Promise<void> => {
    if (isPublic(path)) return;
    // RFC 9110 §5.3: several values join with commas, and then contain no bearer token.
    const field = (name: string) => {
      const values = metadata.get(name);
      return values.length === 0 ? undefined : values.join(', ');
    };
    const sent = { authorization: field('authorization'), proof: field('dpop') };
    const requestOf = () => ({ method: 'POST', url: (origin ?? `https://${call.getHost()}`) + path });
    // Of the connection: an interceptor sees no other.
    const certificate = () => call.getAuthContext().sslPeerCertificate?.raw;
    const options = { ...authentication(path), scopes: scopes(path), certificate };
    callers.set(metadata, await verifySent(guard, sent, requestOf, options));
  };
  return ({ path }, call) => {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        admit(path, metadata, call).then(
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
    metadata: known === undefined ? new Metadata() : challengeOf(known),
  });
}

/** The challenges of RFC 9470 and RFC 9449 as `www-authenticate`: the client learns what to ask of the user, or what to prove. */
function challengeOf({ code, headers }: GuardError): Metadata {
  const metadata = new Metadata();
  const challenge = headers['www-authenticate'];
  const isTold = code === 'insufficient_user_authentication' || challenge?.startsWith('DPoP') === true;
  if (isTold && challenge !== undefined) metadata.set('www-authenticate', challenge);
  return metadata;
}
