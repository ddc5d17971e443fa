/**
 * What the library refuses before any handler is asked (a deadline that is over, a message that cannot be inflated, a
 * second message of a unary call) it says below the interceptors that it offers, and in its own words. This one takes the
 * place of `sendStatus` on the call itself, so that those errors too have our codes, details and measurements.
 */
import type { ServerInterceptor } from '@grpc/grpc-js';
import { ofLibrary } from './status.ts';

export const libraryRefusals: ServerInterceptor = (method, call) => {
  // Health and reflection have words of their own.
  if (!method.path.startsWith('/countersign.')) return call as ReturnType<ServerInterceptor>;
  const sendStatus = call.sendStatus.bind(call);
  call.sendStatus = (said) => {
    const ours = ofLibrary(said);
    sendStatus(ours === undefined ? said : { ...said, ...ours });
  };
  return call as ReturnType<ServerInterceptor>;
};
