/** An authority at the address of its ISSUER, and clients of it, for OAuth libraries. */
import { generateKeyPairSync } from 'node:crypto';
import type { Test } from 'tap';
import type { NewClient } from '../../src/oauth/clients/checkClient.ts';
import { startAuthority } from './authority.ts';
import type { Answer } from './clients.ts';
import { freePort } from './freePort.ts';

export const operator = { name: 'operator' };

export async function startIssuer(t: Test, { env = {}, ...more }: Parameters<typeof startAuthority>[0] = {}) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const address = { ISSUER: issuer, HTTP_PORT: String(port) };
  const authority = await startAuthority({ ...more, env: { ...address, ...env } });
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const client = async (name: string, given: Partial<NewClient> = {}) => {
    const usual = { kind: 'service', permissions: [], audiences: [], scopes: [], redirectUris: [] } as const;
    const { id, token: secret } = await operations.createClient({ ...usual, name, ...given }, operator);
    return { id, secret };
  };
  const operationsPort = authority.operations;
  return { ...authority, issuer, operations, operationsPort, client, form: createFormPost(issuer) };
}

export type FormPost = (
  path: string,
  fields: Readonly<Record<string, string>> | string,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

function createFormPost(base: string): FormPost {
  return async (path, fields, headers = {}) => {
    const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(base + path, { method: 'POST', body, headers: { ...type, ...headers } });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('/json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
}

export function basic(id: string, secret: string): { readonly authorization: string } {
  const encode = (text: string) => encodeURIComponent(text);
  return { authorization: `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}` };
}

export function aKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }) }] } };
}
