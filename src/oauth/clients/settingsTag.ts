/** A short text that changes with the settings of a client. A caller that changes a client sends the tag it read. */
import { createHash } from 'node:crypto';
import type { ServiceSettings } from '../../services/service.ts';

export function settingsTag(settings: ServiceSettings): string {
  const { permissions, audiences, scopes, jwks, redirectUris, postLogoutRedirectUris } = settings;
  const { backchannelLogoutUri, certificateName, certificateBound } = settings;
  const all = [
    ...[permissions, audiences, scopes, jwks ?? null, redirectUris, postLogoutRedirectUris],
    ...[backchannelLogoutUri ?? null, certificateName ?? null, certificateBound],
  ];
  return createHash('sha256').update(JSON.stringify(all)).digest('base64url').slice(0, 22);
}
