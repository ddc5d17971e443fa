/** A browser's way through a sign-in with another provider, without a browser: redirects, and cookies of each origin. */
export interface Landing {
  readonly url: URL;
  readonly status: number;
  readonly body: string;
}

export interface Visitor {
  /** Follows redirects until there is a page, or an address that `until` names: that one is not asked for. */
  visit(url: string, until?: (url: URL) => boolean): Promise<Landing>;
  fetch(url: string, options?: RequestInit): Promise<Response>;
  /** Of an origin: name → value. */
  cookies(origin: string): ReadonlyMap<string, string>;
  setCookie(origin: string, name: string, value: string): void;
}

export function createVisitor(): Visitor {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (origin: string) => {
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };
  const visitor: Visitor = {
    async fetch(url, options = {}) {
      const { origin } = new URL(url);
      const jar = jarOf(origin);
      const headers = new Headers(options.headers);
      if (jar.size > 0) headers.set('cookie', [...jar].map((pair) => pair.join('=')).join('; '));
      const answer = await fetch(url, { ...options, headers, redirect: 'manual' });
      for (const cookie of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        if (/; ?(max-age=0|expires=Thu, 01 Jan 1970)/i.test(cookie)) jar.delete(name);
        else jar.set(name, value);
      }
      return answer;
    },
    async visit(start, until = () => false) {
      let url = new URL(start);
      for (let hops = 0; hops < 20; hops += 1) {
        if (until(url)) return { url, status: 0, body: '' };
        const answer = await visitor.fetch(url.href);
        const location = answer.headers.get('location');
        if (location === null) return { url, status: answer.status, body: await answer.text() };
        await answer.body?.cancel();
        url = new URL(location, url);
      }
      throw new Error(`too many redirects, the last one to ${url.href}`);
    },
    cookies: (origin) => jarOf(origin),
    setCookie: (origin, name, value) => void jarOf(origin).set(name, value),
  };
  return visitor;
}
