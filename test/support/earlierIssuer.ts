/** Another system that issues JWTs, with its JWK Set over HTTP, as Keycloak or Auth0 is one. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

export const earlierIssuerName = 'https://old.example/realms/main';
export const earlierAudience = 'shop';

export type Algorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA';

const newPair: Readonly<Record<Algorithm, () => KeyObject>> = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  EdDSA: () => generateKeyPairSync('ed25519').privateKey,
};

const signBy: Readonly<Record<Algorithm, (input: Buffer, key: KeyObject) => Buffer>> = {
  ES256: (input, key) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  RS256: (input, key) => sign('sha256', input, key),
  PS256: (input, key) => sign('sha256', input, { key, padding: 6, saltLength: 32 }),
  EdDSA: (input, key) => sign(null, input, key),
};

export interface ForeignKey {
  readonly alg: Algorithm;
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export function newForeignKey(alg: Algorithm): ForeignKey {
  return { alg, kid: `${alg}-${randomUUID()}`, privateKey: newPair[alg]() };
}

export function jwksOf(keys: readonly ForeignKey[]): string {
  const jwks = keys.map(({ alg, kid, privateKey }) => ({
    ...createPublicKey(privateKey).export({ format: 'jwk' }),
    ...{ alg, kid, use: 'sig' },
  }));
  return JSON.stringify({ keys: jwks });
}

type Change = Readonly<Record<string, unknown>>;

/** A token as these systems make it; members that are undefined are left out. `now` in milliseconds. */
export function foreignToken(
  { alg, kid, privateKey }: ForeignKey,
  { claims = {}, header = {}, now = Date.now() }: { claims?: Change; header?: Change; now?: number } = {},
): string {
  const seconds = Math.floor(now / 1000);
  const payload = {
    ...{ iss: earlierIssuerName, sub: 'f3b1c6f2', aud: [earlierAudience, 'account'], typ: 'Bearer' },
    ...{ exp: seconds + 300, iat: seconds, jti: randomUUID(), azp: 'web', scope: 'openid email' },
    ...claims,
  };
  const input = [{ alg, typ: 'JWT', kid, ...header }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${input}.${signBy[alg](Buffer.from(input), privateKey).toString('base64url')}`;
}

/** Its JWK Set; `answer` may be replaced. */
export async function startJwks(t: Test, keys: readonly ForeignKey[]) {
  const answerWith = (text: string) => (response: ServerResponse) => void response.end(text);
  const jwks = { requests: 0, answer: answerWith(jwksOf(keys)), url: '', publish, stop };
  const server = createServer((_request, response) => {
    jwks.requests += 1;
    jwks.answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  jwks.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`;
  t.teardown(stop);

  function publish(others: readonly ForeignKey[]): void {
    jwks.answer = answerWith(jwksOf(others));
  }
  /** As when it is switched off. */
  function stop(): void {
    server.close();
    server.closeAllConnections();
  }
  return jwks;
}

/** The file of EARLIER_ISSUERS. */
export function issuersFile(t: Test, ...entries: readonly object[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'issuers-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'issuers.json');
  const usual = {
    ...{ issuer: earlierIssuerName, audience: earlierAudience },
    ...{ algorithms: ['ES256', 'RS256', 'PS256', 'EdDSA'], until: '2100-01-01T00:00:00Z' },
  };
  writeFileSync(path, JSON.stringify(entries.map((entry) => ({ ...usual, ...entry }))));
  return path;
}
