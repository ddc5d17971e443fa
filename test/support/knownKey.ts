/** An authority whose signing key a test holds: only so can it be asked about what was forged with the right key. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@countersign/verifier/clock';
import { openSigningKey } from '../../src/keys/signingKey.ts';
import { createSealing } from '../../src/platform/sealing.ts';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage } from '../../src/storage/postgres/storage.ts';
import { makeKeptFolder, startAuthority, type TestAuthority } from './authority.ts';
import { audience, type ForgeKey, issuer } from './tokenForge.ts';

export interface KnownAuthority extends TestAuthority {
  readonly key: ForgeKey;
}

/** Its issuer and audience are those of the forge. The caller stops it. */
export async function startWithKnownKey(clock: Clock): Promise<KnownAuthority> {
  const { dataDir, databaseUrl, remove } = await makeKeptFolder();
  const keyEncryptionKey = randomBytes(32);
  const env = {
    ISSUER: issuer,
    AUDIENCE: audience,
    KEY_ENCRYPTION_KEY: keyEncryptionKey.toString('base64'),
    // Limits that are off would be a warning, and its log is to have none.
    RATE_LIMITS: '1000',
  };
  // The first start makes the key, as it always does; nothing here says how.
  const first = await startAuthority({ clock, dataDir, env });
  // A service that is there at a start would be a warning, too: its tokens may use the account.
  await first.authority.operations.revokeService(first.serviceName, { name: 'operator' });
  await first.stop();
  const key = await storedKey(databaseUrl, keyEncryptionKey);
  const authority = await startAuthority({ clock, dataDir, env });
  return {
    ...authority,
    key,
    async stop() {
      await authority.stop();
      await remove();
    },
  };
}

async function storedKey(databaseUrl: string, keyEncryptionKey: Uint8Array): Promise<ForgeKey> {
  const engine = await openEngine('', databaseUrl);
  try {
    const { keys } = await createStorage(engine).database.signingKeys.load();
    const active = keys.find(({ state }) => state === 'active');
    if (active === undefined) throw new Error('the first start made no key');
    const key = openSigningKey(active, createSealing(keyEncryptionKey));
    return { ...key, verifier: (kid) => (kid === key.kid ? key : undefined) };
  } finally {
    await engine.close();
  }
}
