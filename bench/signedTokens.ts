/** Access tokens as an authority issues them, and the flow that reads them, over one key and a filled deny-list. */
import { systemClock } from '@countersign/verifier/clock';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import { createAccessTokenReader } from '@countersign/verifier/tokens/accessTokenReader';
import type { KeyRing } from '../src/keys/keyRing.ts';
import { createAccessTokenIssuer } from '../src/tokens/accessToken.ts';
import { createIntrospect, type Introspect } from '../src/tokens/introspect.ts';
import { aSession } from '../test/support/aSession.ts';
import { openRing } from '../test/support/signingKeys.ts';

export const about = { issuer: 'https://auth.example', audience: 'countersign' };

export interface SignedTokens {
  readonly keyRing: KeyRing;
  readonly introspect: Introspect;
  /** New ones, each of another session. */
  issue(count: number): Promise<readonly string[]>;
}

export async function openSignedTokens(denyList: DenyList): Promise<SignedTokens> {
  const keyRing = await openRing();
  const tokens = createAccessTokenIssuer({ ...about, accessTtlMs: 15 * 60_000 });
  const accessTokenReader = createAccessTokenReader({ ...about, keyRing });
  const ringKeeper = { lookAgain: async () => false };
  const issueOne = () => {
    const now = systemClock.now();
    return tokens.issue(aSession(now), keyRing.signer(), now);
  };
  return {
    keyRing,
    introspect: createIntrospect({
      ...{ accessTokenReader, ringKeeper, denyList, latestTime: systemClock.now },
      audiences: { lookAgain: async () => {} },
      audience: about.audience,
    }),
    issue: (count) => Promise.all(Array.from({ length: count }, issueOne)),
  };
}
