/** `@countersign/guard`: verifies access tokens in the memory of the service that uses it. See docs/sdk.md. */
import { type Guard, openGuard } from './guard.ts';
import type { GuardOptions } from './options.ts';

export type { AccessTokenClaims } from './claims.ts';
export type { Guard, GuardState } from './guard.ts';
export { GuardError, type GuardErrorCode, type ProblemDetails } from './guardError.ts';
export type { GuardFault, GuardHooks, GuardOutcome } from './hooks.ts';
export { type GuardOptions, GuardOptionsError } from './options.ts';
export type { GuardCounts } from './outcomes.ts';
export type { ProvenRequest, VerifyOptions } from './verify.ts';

/**
 * Creates a guard, which connects in the background at once. Throws `GuardOptionsError`, which names each invalid option and the
 * rule it breaks.
 *
 * @example
 * const guard = createGuard({ authority: 'auth.internal:50051', audience: 'api.example', serviceToken, tls: { ca } });
 * const { sub } = await guard.verify(token, { scopes: ['account'] });
 */
export function createGuard(options: GuardOptions): Guard {
  return openGuard(options);
}
