/** Where the page is: the path and the query of the address bar. Every view has a stable address; back and forward work. */
import { type ReadonlySignal, signal } from '@preact/signals';

export interface Place {
  /** Below the page's base, without slashes at its ends: `sessions`, or an empty text. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface Router {
  /** `/account/` or `/admin/`. */
  readonly base: string;
  readonly place: ReadonlySignal<Place>;
  go(path: string, query?: Readonly<Record<string, string | undefined>>): void;
  addressOf(path: string, query?: Readonly<Record<string, string | undefined>>): string;
}

export function createRouter(base: string): Router {
  const here = (): Place => ({
    path: location.pathname.slice(base.length).replace(/\/$/, ''),
    query: new URLSearchParams(location.search),
  });
  const place = signal(here());
  const arrive = () => {
    place.value = here();
  };
  const addressOf: Router['addressOf'] = (path, query = {}) => {
    const given = Object.entries(query).filter((each): each is [string, string] => each[1] !== undefined);
    const search = new URLSearchParams(given).toString();
    return `${base}${path}${search === '' ? '' : `?${search}`}`;
  };
  const open = (address: string) => {
    if (address !== location.pathname + location.search) history.pushState(null, '', address);
    arrive();
    scrollTo(0, 0);
  };
  addEventListener('popstate', arrive);
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest('a');
    const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (link === null || !isPlain || link.target !== '' || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || !link.pathname.startsWith(base) || link.hash !== '') return;
    event.preventDefault();
    open(link.pathname + link.search);
  });
  return { base, place, addressOf, go: (path, query) => open(addressOf(path, query)) };
}
