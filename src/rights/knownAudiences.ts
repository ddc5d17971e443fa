/** The audiences of tokens, in memory: those of the settings, and declared ones as far as this node has heard of them. */
import { coalesce } from '../platform/queues/coalesce.ts';
import type { RightsStore } from './store.ts';

export interface KnownAudiences {
  has(audience: string): boolean;
  /** For a token of ours with an audience that is not known: another node may have declared it since. */
  lookAgain(): Promise<void>;
}

/** One that was removed stays known: its tokens are revoked, and may still be logged out with. */
export function createKnownAudiences(
  rights: Pick<RightsStore, 'listResources'>,
  ofSettings: readonly string[],
): KnownAudiences {
  const known = new Set(ofSettings);
  return {
    has: (audience) => known.has(audience),
    lookAgain: coalesce(async () => {
      for (const { audience } of await rights.listResources()) known.add(audience);
    }),
  };
}
