/** The requests of a page in a browser, as far as a server can see them; and the cookie that it was given. */
import { refreshCookieName } from '../../src/sessions/refreshCookie.ts';
import type { Answer } from './clients.ts';

/** Of a page of our own origin, in a browser that says where requests come from. */
export const ownPage = { 'countersign-csrf': '1', 'sec-fetch-site': 'same-origin' } as const;

export function withCookie(value: string): { readonly cookie: string } {
  return { cookie: `${refreshCookieName}=${value}` };
}

/** The value that the answer puts into the cookie: undefined when it leaves the cookie alone, empty when it clears it. */
export function cookieOf({ headers }: Answer): string | undefined {
  const [cookie, ...others] = headers.getSetCookie();
  if (others.length > 0) throw new Error(`more than one cookie: ${headers.getSetCookie()}`);
  if (cookie === undefined) return undefined;
  const [, value, attributes] = /^([^;]*); (.*)$/.exec(cookie.slice(refreshCookieName.length + 1)) ?? [];
  const expected = /^Max-Age=(\d+); Path=\/; Secure; HttpOnly; SameSite=Strict$/.exec(attributes ?? '');
  if (!cookie.startsWith(`${refreshCookieName}=`) || expected === null)
    throw new Error(`another cookie: ${cookie}`);
  if ((value === '') !== (expected[1] === '0')) throw new Error(`a cookie that lives too long: ${cookie}`);
  return value;
}
