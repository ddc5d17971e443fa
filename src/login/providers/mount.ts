/**
 * Sign-in with other providers: OpenID Connect, and GitHub as the one form of OAuth 2.0. Owns which providers there are, attempts, the
 * identities that are linked with users, and how an unknown one becomes a user. Does not own the session that it opens
 * (`startSession.ts`) or the second factor, which is asked for as at every login.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Config } from '../../platform/config/config.ts';
import { createKeyedHash } from '../../platform/keyedHash.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { Counted } from '../../revocation/countFailures.ts';
import type { RequireRecentProof } from '../factors/recentProof.ts';
import { createRemoveFactor, type RemoveFactorParts } from '../factors/removeFactor.ts';
import type { RelyingParty } from '../passkeys/relyingParty.ts';
import { createAttempts } from './attempt.ts';
import { createListProviders } from './buttons.ts';
import { createFindAttempt, createFinishAtProvider } from './callback.ts';
import { type CompleteProviderParts, createCompleteProvider } from './complete.ts';
import { signInRoutes } from './http.ts';
import { linkRoutes } from './linksHttp.ts';
import { createOpenIdClient } from './openid.ts';
import { createProviderKind } from './providerKind.ts';
import { readProviders } from './readProviders.ts';
import { createStartLink, createStartProvider, type OpenedProvider } from './startProvider.ts';

/** What other slices need: the providers, and their row in the table of what opens sessions. Throws `StartupError`. */
export async function openProviders(parts: {
  readonly config: Pick<Config, 'providersPath'>;
  readonly clock: Clock;
  /** Must be equal on every node. */
  readonly keyEncryptionKey: Uint8Array;
  readonly onFault: (part: string, error: unknown) => void;
}) {
  const { config, clock, onFault } = parts;
  const read = config.providersPath === undefined ? [] : await readProviders(config.providersPath);
  const providers: ReadonlyMap<string, OpenedProvider> = new Map(
    read.map((provider) => [
      provider.name,
      { ...provider, client: createOpenIdClient({ provider, clock, onFault }) },
    ]),
  );
  const names = [...providers.keys()];
  return {
    names,
    providers,
    attempts: createAttempts(createKeyedHash(parts.keyEncryptionKey, 'provider-attempts')),
    kindFor: (relyingParty: RelyingParty | undefined) =>
      createProviderKind(providers, { rpId: relyingParty?.id, providers: names }),
  };
}

export type OpenedProviders = Pick<Awaited<ReturnType<typeof openProviders>>, 'providers' | 'attempts'>;

export interface ProviderMountParts
  extends OpenedProviders,
    Omit<CompleteProviderParts, 'onOutcome'>,
    RemoveFactorParts {
  readonly providers: OpenedProviders['providers'];
  readonly attempts: OpenedProviders['attempts'];
  readonly database: CompleteProviderParts['database'];
  readonly clock: Clock;
  readonly notices: CompleteProviderParts['notices'];
  readonly passwordAttempts: RemoveFactorParts['passwordAttempts'];
  readonly requireRecentProof: RequireRecentProof;
  readonly metrics: Pick<Metrics, 'providerSignIn'>;
  readonly counted: Counted;
}

export function mountProviders({ metrics, counted, ...given }: ProviderMountParts) {
  const parts = { ...given, onOutcome: metrics.providerSignIn };
  const { attempts, requireRecentProof, database } = parts;
  const all = parts.kinds.all.filter(({ name }) => name === 'provider');
  const listProviders = createListProviders(parts.providers);
  const unlink = counted(createRemoveFactor({ ...parts, kinds: { ...parts.kinds, all } }));
  return {
    listProviders,
    routes: [
      ...signInRoutes({
        ...{ listProviders, attempts },
        startProvider: createStartProvider(parts),
        findAttempt: createFindAttempt(parts),
        finishAtProvider: createFinishAtProvider(parts),
        completeProvider: createCompleteProvider(parts),
      }),
      ...linkRoutes({
        ...{ attempts, requireRecentProof, unlink },
        startLink: createStartLink(parts),
        listLinks: async (userId) => (await all[0]?.list?.(database, userId)) ?? [],
      }),
    ],
  };
}
