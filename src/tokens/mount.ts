/**
 * Access tokens: issuing, reading and checking them. Owns their claims and the two questions services ask, IsRevoked and
 * Introspect. Does not own keys (`keys/`) or the deny-list (`@countersign/verifier`).
 */
import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import { createVerifiedTokens } from '@countersign/verifier/tokens/verifiedTokens';
import type { KeyRing } from '../keys/keyRing.ts';
import type { Config } from '../platform/config/config.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import { createAccessTokenIssuer } from './accessToken.ts';
import { createAuthenticate } from './authenticate.ts';
import { createCheckRevocation } from './checkRevocation.ts';
import { tokenService } from './grpc.ts';
import { metadataRoutes } from './http.ts';
import { createIntrospect } from './introspect.ts';
import type { ReadingParts } from './readToken.ts';

export function createTokens(parts: {
  readonly config: Config['tokens'];
  readonly keyRing: KeyRing;
  readonly metrics: Metrics;
}) {
  const { config, keyRing, metrics } = parts;
  const { accessTtlMs, secondFactorMaxAgeMs, ...expected } = config;
  const verified = createVerifiedTokens();
  metrics.gauge('countersign_verified_tokens', 'Tokens whose verified signature is cached.', verified.size);
  return {
    accessTokens: createAccessTokenIssuer(config),
    accessTokenReader: createAccessTokenReader({ ...expected, keyRing, verified }),
  };
}

export interface TokenCheckParts extends ReadingParts {
  readonly config: Config['tokens'];
  /** The Cache-Control value of the metadata. */
  readonly cacheControl: string;
}

export function mountTokens({ config, cacheControl, ...reading }: TokenCheckParts) {
  const { issuer, audience, accountAudience } = config;
  const operations = {
    introspect: createIntrospect({ ...reading, audience }),
    /** For tokens with the account audience. */
    introspectAccount: createIntrospect({ ...reading, audience: accountAudience }),
    checkRevocation: createCheckRevocation({ denyList: reading.denyList }),
  };
  return {
    operations,
    authenticate: createAuthenticate(operations.introspectAccount, accountAudience),
    routes: metadataRoutes({
      issuer,
      audiences: { services: audience, account: accountAudience },
      cacheControl,
    }),
    service: tokenService(operations),
  };
}
