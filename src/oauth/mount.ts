/**
 * The standard face: OAuth. Owns clients' authentication over HTTP, the grants, and introspection and revocation as the RFCs have
 * them. Does not own what a token may say (`rights/`), sessions (`sessions/`), or who a service is (`services/`).
 */
import type { UserId } from '@countersign/verifier/ids';
import { createEarliestTime } from '@countersign/verifier/steadyTime';
import type { KeyRing } from '../keys/keyRing.ts';
import type { Config } from '../platform/config/config.ts';
import { type Job, pruningJob } from '../platform/jobs.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import type { RateLimits } from '../platform/rateLimits.ts';
import type { Sealing } from '../platform/sealing.ts';
import type { Counted } from '../revocation/countFailures.ts';
import type { Revoke } from '../revocation/revoke.ts';
import type { AuthenticateService } from '../services/authenticateService.ts';
import { createFindBrowserSession, createFindCookieSession } from '../sessions/browserSession.ts';
import type { Logout } from '../sessions/logout.ts';
import type { LookUpSession } from '../sessions/lookUp/lookUpSession.ts';
import { readRefreshToken } from '../sessions/readRefreshToken.ts';
import type { Refresh } from '../sessions/refresh.ts';
import { lifetimesOf } from '../sessions/storeSession.ts';
import type { Introspect, IntrospectAny } from '../tokens/introspect.ts';
import type { ReadingParts } from '../tokens/readToken.ts';
import type { Authenticate } from '../transport/http/caller.ts';
import { createAuthenticateClient, createConfirmClient } from './authenticateClient.ts';
import { appRoutes } from './authorization/appsHttp.ts';
import { createAuthorization } from './authorization/authorize.ts';
import { createPushRequest } from './authorization/pushedRequest.ts';
import { createRequestSealing } from './authorization/sealedRequest.ts';
import { createTakeBackConsent } from './authorization/takeBackConsent.ts';
import { type ClientServiceOperations, clientService } from './clients/grpc.ts';
import { createManageClients, type ManageClients } from './clients/manageClients.ts';
import { createAuthorizationCodeGrant } from './grants/authorizationCode.ts';
import { createClientCredentials } from './grants/clientCredentials.ts';
import type { GrantParts } from './grants/grant.ts';
import { createRefreshTokenGrant } from './grants/refreshToken.ts';
import { createTokenExchange } from './grants/tokenExchange.ts';
import { oauthRoutes } from './http.ts';
import { createIntrospection, signIntrospection } from './introspection.ts';
import { metadataRoutes, openPaths } from './metadata.ts';
import { createBackchannelLogout } from './openid/backchannelLogout.ts';
import { createIssueIdToken } from './openid/idToken.ts';
import { createSignOut } from './openid/logout.ts';
import { createGetUserinfo } from './openid/userinfo.ts';
import { pageRoutes } from './pagesHttp.ts';
import { createRevokeEverything, createRevokeToken } from './revocation.ts';

export interface OAuthParts extends GrantParts, ReadingParts {
  readonly ringKeeper: GrantParts['ringKeeper'] & ReadingParts['ringKeeper'];
  readonly config: Config['tokens'];
  readonly sessionConfig: Config['sessions'];
  readonly sealing: Sealing;
  readonly keyRing: KeyRing;
  readonly metrics: Metrics;
  readonly counted: Counted;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly authenticateService: AuthenticateService;
  readonly authenticateAnywhere: Authenticate;
  readonly introspect: Introspect;
  readonly introspectAny: IntrospectAny;
  /** What clients have as services. */
  readonly services: Omit<ClientServiceOperations, keyof ManageClients>;
  readonly lookUpSession: LookUpSession;
  readonly refresh: Refresh;
  readonly logout: Logout;
  readonly revoke: Revoke;
  /** The Cache-Control value of the metadata. */
  readonly cacheControl: string;
  /** Where clients connect with certificates. */
  readonly mtlsUrl: string | undefined;
}

export function mountOAuth(parts: OAuthParts) {
  const { config, sessionConfig, cacheControl, mtlsUrl, refresh } = parts;
  const { issuer, audience, accountAudience } = config;
  const refreshGraceMs = sessionConfig.refreshGraceMs;
  const findBrowserSession = createFindBrowserSession({ ...parts, refreshGraceMs });
  const requests = createRequestSealing(parts);
  const grants = {
    authorization_code: createAuthorizationCodeGrant({
      ...{ ...parts, ...lifetimesOf(sessionConfig), issueIdToken: createIssueIdToken(issuer) },
    }),
    client_credentials: createClientCredentials(parts),
    refresh_token: createRefreshTokenGrant(refresh),
    'urn:ietf:params:oauth:grant-type:token-exchange': createTokenExchange(parts),
  };
  const operations = {
    authenticateClient: createAuthenticateClient({ ...parts, issuer }),
    isGenuineRefreshToken: async (token: string) => (await readRefreshToken(parts, token)).genuine,
    confirmClient: createConfirmClient(parts),
    grants: new Map(Object.entries(grants)),
    introspection: createIntrospection({ introspect: parts.introspectAny }),
    signIntrospection: signIntrospection.bind(undefined, { ...parts, issuer }),
    revokeToken: createRevokeToken(parts),
    revokeEverything: createRevokeEverything({ revoke: parts.revoke, issuer }),
    pushRequest: createPushRequest({ ...parts, issuer }),
    getUserinfo: createGetUserinfo(parts),
    authenticateAnywhere: parts.authenticateAnywhere,
  };
  const pages = {
    authorization: createAuthorization({ ...parts, requests, findBrowserSession, issuer }),
    signOut: createSignOut({ ...parts, findCookieSession: createFindCookieSession(parts), issuer }),
  };
  const managing = createManageClients(parts);
  const apps = {
    listApps: (userId: UserId) => parts.database.consents.list(userId),
    takeBackConsent: parts.counted(createTakeBackConsent(parts)),
  };
  return {
    operations: managing,
    service: clientService({ ...parts.services, ...managing }),
    openPaths,
    backchannelLogout: createBackchannelLogout({ ...parts, issuer }),
    routes: [
      oauthRoutes(operations),
      pageRoutes(pages),
      appRoutes(apps),
      metadataRoutes({
        ...{ issuer, cacheControl, mtlsUrl, grantTypes: Object.keys(grants) },
        audiences: { services: audience, account: accountAudience },
      }),
    ],
    jobs: [usedIdsJob(parts)],
  };
}

function usedIdsJob({ database, clock, metrics }: Pick<OAuthParts, 'database' | 'clock' | 'metrics'>): Job {
  const earliestTime = createEarliestTime(clock);
  return pruningJob({
    name: 'used_ids',
    prune: (rows) => database.usedIds.prune(earliestTime(), rows),
    onDeleted: (rows) => metrics.deleted('used_ids', rows),
  });
}
