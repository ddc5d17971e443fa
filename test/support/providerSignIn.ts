/** An authority with other providers, and the ways to sign in with them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { startAuthority } from './authority.ts';
import type { Answer } from './clients.ts';
import { freePort } from './freePort.ts';
import { type PlayedProvider, startOidcProvider } from './oidcProvider.ts';
import { createVisitor, type Visitor } from './providerJourney.ts';

/** The file of PROVIDERS_FILE. */
export function providersFile(t: Test, entries: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'providers-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'providers.json');
  writeFileSync(path, typeof entries === 'string' ? entries : JSON.stringify(entries));
  return path;
}

export function entryOf(name: string, { issuer, clientId, clientSecret }: PlayedProvider, more: object = {}) {
  return {
    ...{ name, label: name.toUpperCase(), issuer, trust_email: true },
    ...{ client_id: clientId, client_secret: clientSecret, ...more },
  };
}

export async function newIssuer() {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  return { issuer, port, callbackOf: (name: string) => `${issuer}/auth/providers/${name}/callback` };
}

export async function startAt(
  t: Test,
  { issuer, port }: { readonly issuer: string; readonly port: number },
  entries: readonly object[],
  { env = {}, ...more }: Parameters<typeof startAuthority>[0] = {},
) {
  const authority = await startAuthority({
    ...more,
    env: { ISSUER: issuer, HTTP_PORT: String(port), PROVIDERS_FILE: providersFile(t, entries), ...env },
  });
  t.teardown(() => authority.stop());
  return { ...authority, issuer, ...signInsAt(issuer) };
}

/** With one provider named `acme`. */
export async function startWithProvider(
  t: Test,
  {
    entry = {},
    played = {},
    ...options
  }: Parameters<typeof startAuthority>[0] & {
    readonly entry?: object;
    readonly played?: Partial<Parameters<typeof startOidcProvider>[1]>;
  } = {},
) {
  const at = await newIssuer();
  const acme = await startOidcProvider(t, { redirectUris: [at.callbackOf('acme')], ...played });
  return { ...(await startAt(t, at, [entryOf('acme', acme, entry)], options)), acme };
}

const scripted = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
export const isCompletion = ({ pathname }: URL) => pathname === '/sign-in/provider';

export function signInsAt(issuer: string) {
  /** Through the provider, up to the page that completes it. */
  const arrive = (visitor: Visitor, name = 'acme', query = '') =>
    visitor.visit(`${issuer}/auth/providers/${name}/start${query}`, isCompletion);

  const complete = async (visitor: Visitor, handle: string, body: object = {}): Promise<Answer> => {
    const answer = await visitor.fetch(`${issuer}/auth/providers/complete`, {
      ...{ method: 'POST', headers: scripted, body: JSON.stringify({ handle, ...body }) },
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };

  /** As a page does it. The answer of the completion, or the page that refuses. */
  const signIn = async (name = 'acme', visitor = createVisitor()) => {
    const { url, status, body } = await arrive(visitor, name);
    const handle = url.searchParams.get('handle');
    return handle === null ? { status, body, headers: new Headers() } : complete(visitor, handle);
  };

  /** From a page of a session, with the provider's answer. */
  const link = async (token: string, name = 'acme', visitor = createVisitor()) => {
    const asked = await visitor.fetch(`${issuer}/auth/providers/${name}/link`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${token}` } },
    });
    const body = (await asked.json()) as { readonly location: string };
    if (asked.status !== 200) return { status: asked.status, headers: asked.headers, body };
    const { url } = await visitor.visit(body.location, isCompletion);
    return complete(visitor, url.searchParams.get('handle') ?? '');
  };
  return { arrive, complete, signIn, link };
}
