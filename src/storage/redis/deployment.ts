/** The deployment that a Redis belongs to: two that shared one would flush, refuse and rebuild each other's data. */
import { StartupError, UnreachableError } from '@countersign/verifier/errors';
import type { RedisConnection } from './connection.ts';
import { deploymentKey } from './keys.ts';

export async function claimDeployment(run: RedisConnection['run'], deploymentId: string): Promise<void> {
  const owner = await ownerAfterClaim(run, deploymentId).catch((error: Error) => {
    throw new UnreachableError(`REDIS_URL: the Redis server cannot be used: ${error.message}`);
  });
  if (owner === deploymentId) return;
  throw new StartupError(
    `REDIS_URL: this Redis belongs to another deployment of Countersign (${shown(owner)}). Give this one another ` +
      `Redis or another logical database number; if the other one is gone, delete the key ${deploymentKey}.`,
  );
}

async function ownerAfterClaim(run: RedisConnection['run'], deploymentId: string): Promise<string> {
  const claimed = await run((commands) => commands.set(deploymentKey, deploymentId, 'NX'));
  if (claimed !== null) return deploymentId;
  const owner = await run((commands) => commands.get(deploymentKey));
  if (owner === null) throw new Error('it was emptied at this moment');
  return owner;
}

/** Anybody may have written it: one line, no longer than a UUID. */
function shown(owner: string): string {
  return owner.replace(/[^A-Za-z0-9-]/g, '?').slice(0, 36);
}
