/** Metadata of this authorization server (RFC 8414). */

import { doubtfulAcr } from '@countersign/verifier/tokens/bearerToken';
import type { MountRoutes } from '../transport/http/app.ts';
import { allowEveryOrigin } from '../transport/http/cors.ts';

export interface MetadataParts {
  readonly issuer: string;
  readonly audiences: { readonly services: string; readonly account: string };
  /** As for the keys, because both change together. */
  readonly cacheControl: string;
}

export function metadataRoutes({ issuer, audiences, cacheControl }: MetadataParts): MountRoutes {
  const metadata = {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    // There is no authorization endpoint; RFC 8414 §2 requires the member all the same.
    response_types_supported: [],
    grant_types_supported: [],
    // RFC 9470 §7: how strongly users can be authenticated.
    acr_values_supported: [doubtfulAcr, '1fa', '2fa'],
    // RFC 8414 §2 allows additional members.
    audience: audiences.services,
    account_audience: audiences.account,
    service_documentation: `${issuer}/docs`,
  };
  return (app) => {
    for (const document of ['oauth-authorization-server', 'openid-configuration']) {
      app.get(
        `/.well-known/${document}`,
        { schema: { summary: 'Metadata of this authorization server (RFC 8414).' } },
        async (_request, reply) =>
          allowEveryOrigin(reply).header('cache-control', cacheControl).send(metadata),
      );
    }
  };
}
