/** What a sign-in page shows of the providers: one button each. */
import { providerLimits } from './limits.ts';
import type { Provider } from './provider.ts';

export interface ProviderButton {
  readonly name: string;
  readonly label: string;
  /** A path of ours. The button is a link: GET. */
  readonly startUrl: string;
}

/** `returnTo`: a path of ours, where the browser goes once it is signed in. None for one that is too long for a cookie. */
export type ListProviders = (returnTo?: string) => readonly ProviderButton[];

/** A path of this origin with its query. No second slash and no backslash, which browsers read as another host; no fragment. */
export const pathPattern = '^/(?:(?!/)[!$-\\[\\]-~]+)?$';

export function createListProviders(providers: ReadonlyMap<string, Provider>): ListProviders {
  return (returnTo) => {
    if (returnTo !== undefined && !isPath(returnTo)) return [];
    return [...providers.values()].map(({ name, label }) => {
      const query = returnTo === undefined ? '' : `?${new URLSearchParams({ return_to: returnTo })}`;
      return { name, label, startUrl: `/auth/providers/${name}/start${query}` };
    });
  };
}

function isPath(text: string): boolean {
  return text.length <= providerLimits.returnToCharacters && new RegExp(pathPattern, 'u').test(text);
}
