/** Puts passkeys together: the row in the table of second factors, and the routes. */
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { OpenedFactors } from '../factors/mount.ts';
import { type AddPasskeyParts, createAddPasskey, createStartPasskey } from './addPasskey.ts';
import { passkeyRoutes } from './http.ts';
import type { Passkey } from './passkey.ts';
import { createPasskeyKind } from './passkeyKind.ts';
import { createPasskeyLogin, createStartPasskeyLogin, type PasskeyLoginParts } from './passkeyLogin.ts';
import { createProvePasskey, type ProvePasskeyParts } from './provePasskey.ts';
import { createRequireRelyingParty, relyingPartyOf } from './relyingParty.ts';
import { createRenamePasskey } from './renamePasskey.ts';

export interface OpenPasskeysParts extends Pick<ProvePasskeyParts, 'database' | 'notices'> {
  readonly issuer: string;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'passkeyCloned'>;
  readonly providerNames: readonly string[];
}

/** What the table of second factors and `mountPasskeys` need. */
export function openPasskeys({ issuer, log, metrics, providerNames, ...parts }: OpenPasskeysParts) {
  const relyingParty = relyingPartyOf(issuer);
  const requireRelyingParty = createRequireRelyingParty(relyingParty);
  const onCloned = ({ id, userId }: Passkey) => {
    metrics.passkeyCloned();
    log.warn({ user_id: userId, factor: id }, 'two devices have one passkey; its sessions ended');
  };
  const provePasskey = createProvePasskey({ ...parts, requireRelyingParty, onCloned });
  const { database } = parts;
  const proving = { relyingParty, requireRelyingParty, provePasskey };
  const kind = createPasskeyKind({ database, ...proving, providerNames });
  return { requireRelyingParty, relyingParty, provePasskey, kind };
}

export type OpenedPasskeys = ReturnType<typeof openPasskeys>;

export interface PasskeyMountParts
  extends Omit<PasskeyLoginParts, 'provePasskey' | 'requireRelyingParty'>,
    Pick<OpenedPasskeys, 'provePasskey' | 'requireRelyingParty'>,
    Pick<OpenedFactors, 'requireRecentProof'>,
    Pick<AddPasskeyParts, 'policy'> {}

export function mountPasskeys(parts: PasskeyMountParts) {
  const routes = passkeyRoutes({
    startPasskeyLogin: createStartPasskeyLogin(parts),
    passkeyLogin: createPasskeyLogin(parts),
    startPasskey: createStartPasskey(parts),
    addPasskey: createAddPasskey(parts),
    renamePasskey: createRenamePasskey(parts),
    requireRecentProof: parts.requireRecentProof,
  });
  return { routes };
}
