/** The authorization endpoint as a browser sees it, without a browser: addresses, the page that goes on, the cookie. */
import { createHash, randomBytes } from 'node:crypto';
import { password } from './authority.ts';
import { cookieOf, ownPage, withCookie } from './browserPage.ts';
import type { HttpCall } from './clients.ts';

export type Parameters = Readonly<Record<string, string | undefined>>;

export interface Visit {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Where the browser goes, by redirect or by the page; undefined where it stays. */
  readonly to: string | undefined;
}

export function createVisits(issuer: string, call: HttpCall) {
  const visit = async (address: string, cookie?: string, form?: Parameters): Promise<Visit> => {
    const response = await fetch(new URL(address, issuer), {
      redirect: 'manual',
      headers: {
        ...(cookie === undefined ? {} : withCookie(cookie)),
        ...(form === undefined ? {} : { 'sec-fetch-site': 'same-origin' }),
      },
      ...(form === undefined ? {} : { method: 'POST', body: query(form) }),
    });
    const body = await response.text();
    const [, page] = /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(body) ?? [];
    const to = response.headers.get('location') ?? page?.replaceAll('&amp;', '&');
    return { status: response.status, headers: response.headers, body, to };
  };
  return {
    visit,
    /** The cookie of a browser that signed in. */
    async signIn(email: string): Promise<string> {
      const answer = await call('POST', '/auth/login?cookie', {
        headers: ownPage,
        body: { email, password },
      });
      return cookieOf(answer) ?? '';
    },
    /** Follows our own pages as far as they go by themselves; the last one is of somebody else, or asks. */
    async authorize(parameters: Parameters | string, cookie?: string): Promise<Visit> {
      const asked = typeof parameters === 'string' ? parameters : query(parameters).toString();
      let seen = await visit(`/oauth2/authorize?${asked}`);
      while (seen.to !== undefined && new URL(seen.to, issuer).origin === issuer)
        seen = await visit(seen.to, cookie);
      return seen;
    },
  };
}

/** Parameters of the address, such as `code` and `error`. */
export function answerIn({ to = 'none:' }: Visit): Readonly<Record<string, string>> {
  return Object.fromEntries(new URL(to).searchParams);
}

export function aVerifier() {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

function query(parameters: Parameters): URLSearchParams {
  const given = Object.entries(parameters).filter((each): each is [string, string] => each[1] !== undefined);
  return new URLSearchParams(given);
}
