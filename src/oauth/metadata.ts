/** Metadata of this authorization server (RFC 8414). */
import { doubtfulAcr } from '@countersign/verifier/tokens/bearerToken';
import { identityScopes } from '../rights/rights.ts';
import type { MountRoutes } from '../transport/http/app.ts';
import { allowEveryOrigin } from '../transport/http/cors.ts';
import { userClaims } from './openid/userinfo.ts';

export const oauthPaths = {
  token: '/oauth2/token',
  introspect: '/oauth2/introspect',
  revoke: '/oauth2/revoke',
  globalRevocation: '/oauth2/global-token-revocation',
  authorize: '/oauth2/authorize',
  resume: '/oauth2/authorize/resume',
  consent: '/oauth2/authorize/consent',
  push: '/oauth2/par',
  userinfo: '/oauth2/userinfo',
  logout: '/oauth2/logout',
  resumeLogout: '/oauth2/logout/resume',
  confirmLogout: '/oauth2/logout/confirm',
} as const;

/** What applications in browsers call from their own origin. They send no cookie. */
export const openPaths = [oauthPaths.token, oauthPaths.revoke, oauthPaths.push, oauthPaths.userinfo];

export interface MetadataParts {
  readonly issuer: string;
  readonly audiences: { readonly services: string; readonly account: string };
  readonly grantTypes: readonly string[];
  /** Where clients connect with certificates; undefined: nowhere. */
  readonly mtlsUrl: string | undefined;
  /** As for the keys, because both change together. */
  readonly cacheControl: string;
}

const usualAuthentication = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];

/** RFC 8705 §3.3, §5: what a client with a certificate calls. */
function mtlsMetadata(mtlsUrl: string | undefined) {
  if (mtlsUrl === undefined) return {};
  return {
    tls_client_certificate_bound_access_tokens: true,
    mtls_endpoint_aliases: {
      token_endpoint: mtlsUrl + oauthPaths.token,
      introspection_endpoint: mtlsUrl + oauthPaths.introspect,
      revocation_endpoint: mtlsUrl + oauthPaths.revoke,
      pushed_authorization_request_endpoint: mtlsUrl + oauthPaths.push,
      userinfo_endpoint: mtlsUrl + oauthPaths.userinfo,
    },
  };
}

export function metadataRoutes(parts: MetadataParts): MountRoutes {
  const { issuer, audiences, grantTypes, cacheControl, mtlsUrl } = parts;
  const clientAuthentication =
    mtlsUrl === undefined ? usualAuthentication : [...usualAuthentication, 'tls_client_auth'];
  const metadata = {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    token_endpoint: issuer + oauthPaths.token,
    token_endpoint_auth_methods_supported: [...clientAuthentication, 'none'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256'],
    introspection_endpoint: issuer + oauthPaths.introspect,
    introspection_endpoint_auth_methods_supported: clientAuthentication,
    introspection_endpoint_auth_signing_alg_values_supported: ['ES256'],
    // RFC 9701 §7.
    introspection_signing_alg_values_supported: ['ES256'],
    revocation_endpoint: issuer + oauthPaths.revoke,
    revocation_endpoint_auth_methods_supported: [...clientAuthentication, 'none'],
    revocation_endpoint_auth_signing_alg_values_supported: ['ES256'],
    global_token_revocation_endpoint: issuer + oauthPaths.globalRevocation,
    global_token_revocation_endpoint_auth_methods_supported: usualAuthentication.slice(0, 1),
    authorization_endpoint: issuer + oauthPaths.authorize,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    code_challenge_methods_supported: ['S256'],
    // RFC 9207.
    authorization_response_iss_parameter_supported: true,
    // RFC 9126.
    pushed_authorization_request_endpoint: issuer + oauthPaths.push,
    scopes_supported: identityScopes,
    grant_types_supported: grantTypes,
    // OpenID Connect Discovery §3.
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: ['ES256'],
    userinfo_endpoint: issuer + oauthPaths.userinfo,
    claims_supported: [
      'sub',
      'iss',
      'aud',
      'exp',
      'iat',
      'auth_time',
      'nonce',
      'acr',
      'amr',
      'sid',
      ...userClaims,
    ],
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    end_session_endpoint: issuer + oauthPaths.logout,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    // RFC 9449 §5.1.
    dpop_signing_alg_values_supported: ['ES256'],
    ...mtlsMetadata(mtlsUrl),
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
