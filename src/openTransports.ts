/** Opens HTTP, its API and gRPC over the mounted slices: one list of methods serves both. */
import type { OpenedParts, Slices, WithMetrics } from './authority.ts';
import type { ServingState } from './lifecycle.ts';
import { proofHeader } from './oauth/dpop/proofs.ts';
import { apiAudience } from './rights/apiAudience.ts';
import { csrfHeader, guardCookie } from './sessions/csrf.ts';
import { refreshCookieName } from './sessions/refreshCookie.ts';
import { rootRoute, scriptPageRoutes } from './site/http.ts';
import { mountStatus } from './status/mount.ts';
import { reasonHeader } from './transport/api/callers.ts';
import { openApi } from './transport/api/open.ts';
import { createGrpcServer } from './transport/grpc/server.ts';
import { createHttpApp } from './transport/http/app.ts';
import { createTransports, type Transports } from './transport/listeners.ts';

/** `startWarnings`: what the start said that an operator should know. */
type TransportState = ServingState & { readonly startWarnings: readonly string[] };

export async function openTransports(
  parts: WithMetrics,
  opened: OpenedParts,
  slices: Slices,
  state: TransportState,
): Promise<Transports> {
  const { config, clock, log, metrics } = parts;
  const { rateLimits, propagation, clientCertificate } = opened;
  const { truth } = opened.truth;
  const { provedKey, offerNonces } = opened.proofs;
  const { accounts, login, sessions, keys, tokens, services, oauth, audit } = slices;
  const requireTruth = truth.refuseInDoubt;
  const { authenticateService } = services;
  const methods = servicesOf(parts, opened, slices, state);
  const observed = { clock, log, metrics, authenticateService, requireTruth, services: methods };
  const { authenticateUser, isStillValid } = tokens;
  const api = apiAudience(config.tokens.issuer);
  const apiRoutes = openApi({ ...observed, authenticateUser, isStillValid, isDraining: state.isDraining });
  const origins = { own: new URL(config.tokens.issuer).origin, listed: config.http.corsOrigins };
  const http = await createHttpApp({
    ...{ ...config.http, ...state, log, metrics, clock, rateLimits, requireTruth },
    ...{ authenticate: tokens.authenticate, provedKey, clientCertificate },
    routes: [
      ...[...accounts.routes, ...login.routes, ...sessions.routes, keys.route, ...oauth.routes, apiRoutes],
      ...[...audit.routes, scriptPageRoutes({ account: config.tokens.accountAudience, api }), rootRoute],
    ],
    guards: [(app) => guardCookie(app, origins), offerNonces],
    ownHeaders: [csrfHeader, proofHeader, reasonHeader],
    cookieName: refreshCookieName,
    openPaths: oauth.openPaths,
  });
  const { subscribers, revokedState } = propagation;
  const grpc = createGrpcServer({
    ...{ ...config.grpc, ...observed, subscribers },
    canAnswer: () => truth.trusted() && ['ready', 'not renewed'].includes(revokedState()),
  });
  return createTransports({ http, grpc, config, clock });
}

function servicesOf(
  { clock, settings = [] }: WithMetrics,
  { propagation, refusalCounts, notifications, truth }: OpenedParts,
  { accounts, sessions, keys, tokens, revocation, rights, oauth, audit }: Slices,
  { readiness, ownParts, warnings, startWarnings }: TransportState,
) {
  const status = mountStatus({
    ...{ ...propagation, clock, readiness, ownParts, settings, refusalCounts, canary: truth.lastCanary },
    warnings: () => [...startWarnings, ...warnings()],
  });
  return [
    ...[tokens.service, revocation.service, sessions.service, accounts.service, rights.service],
    ...[keys.service, oauth.service, audit.service, notifications.service, status],
  ];
}
