/**
 * An authorization request on its way through the pages: sealed, so that no page and no database has to keep it, and nobody can change
 * it. Any node opens it.
 */
import type { Clock } from '@countersign/verifier/clock';
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import { AuthorityError } from '@countersign/verifier/errors';
import { type Sealing, UnsealError } from '../../platform/sealing.ts';
import { oauthLimits } from '../limits.ts';
import type { AuthorizationRequest } from './authorizationRequest.ts';

export interface StartedRequest {
  readonly request: AuthorizationRequest;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

export interface RequestSealing {
  seal(request: AuthorizationRequest): string;
  /** Throws `invalid_request` for one that was changed, or is too old. */
  open(text: string): StartedRequest;
}

const context = 'authorization_request';

export function createRequestSealing({
  sealing,
  clock,
}: {
  readonly sealing: Sealing;
  readonly clock: Clock;
}): RequestSealing {
  return {
    seal(request) {
      const started: StartedRequest = { request, startedAt: clock.now() };
      return encodeBase64url(sealing.seal(Buffer.from(JSON.stringify(started)), context));
    },

    open(text) {
      const bytes = decodeBase64url(text);
      if (bytes === undefined) throw refused('format');
      try {
        const started = JSON.parse(sealing.unseal(bytes, context).toString()) as StartedRequest;
        if (clock.now() >= started.startedAt + oauthLimits.authorizationMilliseconds) throw refused('age');
        return started;
      } catch (error) {
        if (error instanceof UnsealError) throw refused('sealing');
        throw error;
      }
    },
  };
}

function refused(reason: string): AuthorityError {
  return new AuthorityError('invalid_request', { detail: 'request: is outdated, or not ours', reason });
}
