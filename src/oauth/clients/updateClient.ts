/**
 * Replaces settings of a client. What that takes away is honoured by nobody when this resolves: scopes of its users' tokens, its right
 * to exchange tokens, a key, a certificate. Its kind, its name and its way to authenticate stay.
 */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { Actor, AuditDetail } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import type { RevokingParts } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { Touched } from '../../rights/store.ts';
import { added, finishOpen, type RightsTakenAway, takeAway } from '../../rights/takeAway.ts';
import type { Permission, PublicJwks, Service, ServiceSettings } from '../../services/service.ts';
import { certificateTaken, readCertificateName } from '../../services/services.ts';
import { sessionLimits } from '../../sessions/limits.ts';
import type { SessionPreview } from '../../sessions/store.ts';
import { oauthLimits } from '../limits.ts';
import { checkClient } from './checkClient.ts';
import { settingsTag } from './settingsTag.ts';
import { takenFrom } from './takenFrom.ts';

/** What is undefined stays as it is. */
export interface ClientChanges {
  readonly permissions?: readonly Permission[] | undefined;
  readonly audiences?: readonly string[] | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly redirectUris?: readonly string[] | undefined;
  readonly postLogoutRedirectUris?: readonly string[] | undefined;
  readonly certificateBound?: boolean | undefined;
  /** Empty: nowhere. */
  readonly backchannelLogoutUri?: string | undefined;
  /** Of a client that has keys. */
  readonly jwks?: PublicJwks | undefined;
  /** Of a client that has one: a URI or DNS name. */
  readonly certificate?: string | undefined;
}

/**
 * By id or name. A repetition changes nothing, and finishes what an interrupted call left. Throws `not_found` unless the client is
 * live or disabled, and `invalid_request` naming the field, as at its creation. With the `settingsTag` that the caller saw:
 * `changed_meanwhile` if it is another one.
 */
export type UpdateClient = (
  name: string,
  changes: ClientChanges,
  actor: Actor,
  seen?: string,
) => Promise<RightsTakenAway>;

export function createUpdateClient(parts: RevokingParts): UpdateClient {
  const { database } = parts;
  return async (name, changes, actor, seen) => {
    const client = await findLive(database, name);
    const touched: Touched = takenFrom(client, merged(client, changes)) ?? {
      ...{ kind: 'client', clientId: client.id },
    };
    const taken = await takeAway(parts, touched, async (stores, now) => {
      // Whoever issues a token for it keeps the definitions meanwhile.
      await stores.rights.changeDefinitions();
      const before = await stores.services.find(client.id);
      if (before === undefined || before.revokedAt !== undefined) throw unknown(name);
      const after = merged(before, changes);
      await check(stores, before, after);
      const changed = differences(before, after);
      if (Object.keys(changed).length === 0) return false;
      requireSeen(before, seen);
      await stores.services.update(before.id, after);
      const detail = { client_id: before.id, ...changed };
      await stores.audit.record({ type: 'client_changed', actor, reason: before.name, detail }, now);
      const takes = takenFrom(before, after);
      // Another call gave it more in between.
      if (takes?.kind === 'all' && touched.kind !== 'all')
        throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'client_changed' });
      return takes !== undefined;
    });
    // A repetition does not see any more that the first call touched all sessions.
    return added(taken, await finishOpen(parts, 'all'));
  };
}

/** How many sessions such an `UpdateClient` would touch at most; `more`: others, too. Changes nothing. Throws as it does. */
export type PreviewUpdate = (
  name: string,
  changes: ClientChanges,
  seen?: string,
) => Promise<Pick<SessionPreview, 'sessions' | 'more'>>;

export function createPreviewUpdate({
  database,
  clock,
}: Pick<RevokingParts, 'database' | 'clock'>): PreviewUpdate {
  return async (name, changes, seen) => {
    const before = await findLive(database, name);
    requireSeen(before, seen);
    const after = merged(before, changes);
    await check(database, before, after);
    const takes = takenFrom(before, after);
    if (takes === undefined) return { sessions: 0, more: false };
    const filter = takes.kind === 'client' ? { clientId: takes.clientId } : {};
    return database.sessions.preview(filter, clock.now(), {
      ...{ parts: 0, sessions: sessionLimits.previewedSessions },
    });
  };
}

function requireSeen(before: Service, seen: string | undefined): void {
  if (seen !== undefined && seen !== settingsTag(before)) throw new AuthorityError('changed_meanwhile');
}

async function findLive({ services }: Pick<Stores, 'services'>, name: string): Promise<Service> {
  const client = await services.findNamed(name);
  if (client === undefined || client.revokedAt !== undefined) throw unknown(name);
  return client;
}

function merged(before: Service, changes: ClientChanges): ServiceSettings {
  const { certificate, jwks, backchannelLogoutUri = before.backchannelLogoutUri } = changes;
  if (jwks !== undefined && before.jwks === undefined) throw otherWay('jwks', 'key');
  if (certificate !== undefined && before.certificateName === undefined)
    throw otherWay('certificate', 'certificate');
  return {
    permissions: changes.permissions ?? before.permissions,
    audiences: changes.audiences ?? before.audiences,
    scopes: changes.scopes ?? before.scopes,
    redirectUris: changes.redirectUris ?? before.redirectUris,
    postLogoutRedirectUris: changes.postLogoutRedirectUris ?? before.postLogoutRedirectUris,
    backchannelLogoutUri: backchannelLogoutUri === '' ? undefined : backchannelLogoutUri,
    certificateBound: changes.certificateBound ?? before.certificateBound,
    jwks: jwks ?? before.jwks,
    certificateName: certificate === undefined ? before.certificateName : readCertificateName(certificate),
  };
}

function otherWay(field: string, what: string) {
  return invalidField(field, 'way', `this client has no ${what}, and a client keeps its way to authenticate`);
}

async function check(
  { services }: Pick<Stores, 'services'>,
  { id, name, kind, subjectSalt }: Service,
  { certificateName: certificate, ...after }: ServiceSettings,
): Promise<void> {
  const hasProof = after.jwks !== undefined || certificate !== undefined || (await services.hasSecret(id));
  const isPairwise = subjectSalt !== undefined;
  checkClient({ ...after, name, kind, certificate, isPairwise, isPublic: !hasProof && kind !== 'service' });
  if (certificate !== undefined && (await services.isCertificateTaken(certificate, id)))
    throw certificateTaken();
}

/** The new values, for the audit log; of keys, their names. One that is too long for an event is its number of entries. */
function differences(before: ServiceSettings, after: ServiceSettings): AuditDetail {
  const [was, is] = [asDetail(before), asDetail(after)];
  const keysDiffer = JSON.stringify(before.jwks) !== JSON.stringify(after.jwks);
  const differs = (name: string) =>
    JSON.stringify(is[name]) !== JSON.stringify(was[name]) || (name === 'jwks' && keysDiffer);
  const shown = (value: AuditDetail[string] = null) =>
    Array.isArray(value) && JSON.stringify(value).length > oauthLimits.auditedCharacters
      ? `${value.length} entries`
      : value;
  const names = Object.keys(is).filter(differs);
  return Object.fromEntries(names.map((name) => [name, shown(is[name])]));
}

function asDetail(settings: ServiceSettings): AuditDetail {
  const { permissions, audiences, scopes, redirectUris, postLogoutRedirectUris, jwks } = settings;
  return {
    ...{ permissions, audiences, scopes, redirect_uris: redirectUris },
    post_logout_redirect_uris: postLogoutRedirectUris,
    backchannel_logout_uri: settings.backchannelLogoutUri?.slice(0, oauthLimits.auditedCharacters) ?? null,
    jwks: jwks === undefined ? null : jwks.keys.map(({ kid }) => (typeof kid === 'string' ? kid : null)),
    certificate: settings.certificateName ?? null,
    certificate_bound: settings.certificateBound,
  };
}

function unknown(name: string): AuthorityError {
  return new AuthorityError('not_found', { detail: `There is no live service or client ${name}.` });
}
