/** What a sign-in page shows of the providers: one button each. */
import type { Provider } from './provider.ts';

export interface ProviderButton {
  readonly name: string;
  readonly label: string;
  /** A path of ours. The button is a link: GET. */
  readonly startUrl: string;
}

/** `returnTo`: a path of ours, where the browser goes once it is signed in; see `pathPattern`. */
export type ListProviders = (returnTo?: string) => readonly ProviderButton[];

/** A path of this origin with its query. No second slash and no backslash, which browsers read as another host; no fragment. */
export const pathPattern = '^/(?:(?!/)[!"$-\\[\\]-~]+)?$';

export function createListProviders(providers: ReadonlyMap<string, Provider>): ListProviders {
  return (returnTo) =>
    [...providers.values()].map(({ name, label }) => {
      const query = returnTo === undefined ? '' : `?${new URLSearchParams({ return_to: returnTo })}`;
      return { name, label, startUrl: `/auth/providers/${name}/start${query}` };
    });
}
