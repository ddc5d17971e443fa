/**
 * Access tokens: issuing, reading and checking them. Owns their claims, the two questions services ask, IsRevoked and Introspect,
 * and which tokens of earlier issuers are accepted (`earlierIssuers/`). Does not own keys (`keys/`) or the deny-list
 * (`@countersign/verifier`).
 */
import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import { createVerifiedTokens } from '@countersign/verifier/tokens/verifiedTokens';
import type { KeyRing } from '../keys/keyRing.ts';
import type { Config } from '../platform/config/config.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import { apiAudience } from '../rights/apiAudience.ts';
import type { KnownAudiences } from '../rights/knownAudiences.ts';
import { createAccessTokenIssuer } from './accessToken.ts';
import {
  type AuthenticateParts,
  createAuthenticate,
  createAuthenticateAnywhere,
  createAuthenticateApi,
} from './authenticate.ts';
import { createCheckRevocation } from './checkRevocation.ts';
import { tokenService } from './grpc.ts';
import { createIntrospect, createIntrospectAny } from './introspect.ts';
import type { ReadingParts } from './readToken.ts';

export function createTokens(parts: {
  readonly config: Config['tokens'];
  readonly keyRing: KeyRing;
  readonly audiences: KnownAudiences;
  readonly metrics: Metrics;
}) {
  const { config, keyRing, audiences: audience, metrics } = parts;
  const verified = createVerifiedTokens();
  metrics.gauge('countersign_verified_tokens', 'Tokens whose verified signature is cached.', verified.size);
  return {
    accessTokens: createAccessTokenIssuer(config),
    accessTokenReader: createAccessTokenReader({ issuer: config.issuer, audience, keyRing, verified }),
  };
}

export interface TokenCheckParts
  extends ReadingParts,
    Pick<AuthenticateParts, 'provedKey' | 'clientCertificate'> {
  readonly config: Config['tokens'];
}

export function mountTokens({ config, provedKey, clientCertificate, ...reading }: TokenCheckParts) {
  const proving = { provedKey, clientCertificate };
  const { audience, accountAudience } = config;
  const introspect = createIntrospect({ ...reading, audience });
  const operations = {
    introspect,
    /** Also for tokens of earlier issuers. */
    introspectAny: createIntrospectAny(introspect, reading.earlierTokens, audience),
    /** For tokens with the account audience. */
    introspectAccount: createIntrospect({ ...reading, audience: accountAudience }),
    checkRevocation: createCheckRevocation({ denyList: reading.denyList }),
  };
  return {
    operations,
    authenticate: createAuthenticate({
      ...{ introspect: operations.introspectAccount, audience: accountAudience, ...proving },
    }),
    ...createAuthenticateApi({ introspect, ...proving, audience: apiAudience(config.issuer) }),
    authenticateAnywhere: createAuthenticateAnywhere({ introspect, ...proving }),
    service: tokenService({ ...operations, introspect: operations.introspectAny }),
  };
}
