/** Keys rotate every six seconds, and nobody who verifies tokens as the headers of the JWKS allow notices. */
import { createRemoteJWKSet, customFetch, decodeProtectedHeader, jwtVerify } from 'jose';
import type { Test } from 'tap';
import { password } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { type ClusterNode, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { createKeyClient } from '../support/keyClient.ts';

/** Tokens that are verified again and again, by everybody. */
const longestList = 60;
const issuer = 'http://127.0.0.1:8080';
const settings = {
  KEY_ROTATION_INTERVAL: '6s',
  JWKS_MAX_AGE: '2s',
  ACCESS_TOKEN_TTL: '10s',
  REFRESH_GRACE: '5s',
};

/** Sets that were fetched: how long each may be kept, and how many keys are in it. */
interface Fetched {
  readonly cacheMs: number;
  readonly keys: number;
}

/**
 * A verifier that keeps the set for as long as the headers allow, and never asks again for a key that is not in it: what is
 * not published early enough fails.
 */
function createVerifier(node: ClusterNode, cacheMs: number, fetched: Fetched[]) {
  const keys = createRemoteJWKSet(new URL(`${node.httpUrl}/.well-known/jwks.json`), {
    cacheMaxAge: cacheMs,
    cooldownDuration: Number.POSITIVE_INFINITY,
    [customFetch]: async (url, options) => {
      const response = await fetch(url, options);
      const body = (await response.clone().json()) as { keys: unknown[] };
      fetched.push({ cacheMs: cacheOf(response.headers), keys: body.keys.length });
      return response;
    },
  });
  return (token: string) =>
    jwtVerify(token, keys, { issuer, audience: 'countersign', typ: 'at+jwt', algorithms: ['ES256'] });
}

/** In milliseconds: `max-age` and `stale-while-revalidate` together. */
function cacheOf(headers: Headers): number {
  const directives =
    headers.get('cache-control')?.matchAll(/(?:max-age|stale-while-revalidate)=(\d+)/g) ?? [];
  return [...directives].reduce((sum, [, seconds]) => sum + Number(seconds) * 1000, 0);
}

export async function rotatesUnderLoad(t: Test, rotations: number): Promise<void> {
  const cluster = await startCluster(3, settings);
  t.teardown(() => cluster.stop());
  const [first] = cluster.nodes;
  const keys = createKeyClient(first.grpcAddress, cluster.serviceToken);
  t.teardown(() => keys.close());
  const email = 'alice@example.com';
  await first.call('POST', '/auth/register', { body: { email, password } });

  const jwks = await fetch(`${first.httpUrl}/.well-known/jwks.json`);
  const allowedMs = cacheOf(jwks.headers);
  t.equal(allowedMs, 4_000, 'the headers allow two seconds, and two more');
  const fetched: Fetched[] = [];
  // Each begins to keep its set at another moment, so that some fetch right before a rotation and some right after.
  const verifiers = cluster.nodes.flatMap((node) =>
    Array.from({ length: 4 }, () => createVerifier(node, allowedMs, fetched)),
  );
  const failures: string[] = [];
  const signedWith = new Set<string>();
  let live: string[] = [];
  let verified = 0;
  let running = true;

  const isLive = (token: string) => Number(claimsOf(token)['exp']) * 1000 > Date.now() + 1_000;
  const keepSession = async (node: ClusterNode) => {
    let answer = await node.call('POST', '/auth/login', { body: { email, password } });
    while (running) {
      if (answer.status !== 200)
        throw new Error(`${node.name}: ${answer.status} ${JSON.stringify(answer.body)}`);
      const { access_token: token, refresh_token } = answer.body;
      signedWith.add(decodeProtectedHeader(token).kid ?? '');
      live = [...live.filter(isLive).slice(-longestList), token];
      answer = await node.call('POST', '/auth/refresh', { body: { refresh_token } });
    }
  };
  const verifyAll = async () => {
    for (let turn = 0; running; turn += 1) {
      const verify = verifiers[turn % verifiers.length] as (token: string) => Promise<unknown>;
      for (const token of live.filter(isLive)) {
        await verify(token).catch((error) => failures.push(`${decodeProtectedHeader(token).kid}: ${error}`));
        verified += 1;
      }
      await introspectOne(live.filter(isLive)[turn % 7], cluster.nodes[turn % 3] as ClusterNode);
    }
  };
  const introspectOne = async (token: string | undefined, node: ClusterNode) => {
    if (token === undefined) return eventually('a sign-in', () => live.length > 0);
    const { active } = await node.grpc.introspect(token);
    if (!active && isLive(token)) failures.push(`${node.name} says that a live token is not active`);
  };

  const work = Promise.all([...cluster.nodes.map(keepSession), verifyAll()]);
  work.catch(() => {
    running = false;
  });
  // The first key may be gone before anybody logs in, and the last has only just begun to sign.
  const hasRotated = async () => {
    const states = (await keys.list()).map(({ state }) => state);
    const begun = states.filter((state) => state !== 'KEY_STATE_NEXT').length;
    return signedWith.size >= rotations && begun > rotations && states.includes('KEY_STATE_RETIRED');
  };
  const rotated = async () => !running || (await hasRotated());
  await eventually(`${rotations} rotations`, rotated, 100_000).finally(() => {
    running = false;
  });
  await work;

  const all = await keys.list();
  t.strictSame(failures, [], `of ${verified} verifications`);
  t.ok(verified > 100 * rotations, `${verified} verifications`);
  t.strictSame(
    fetched.filter((set) => set.keys < 2),
    [],
    'each set has the key that signs and the next one',
  );
  t.ok(fetched.every(({ cacheMs }) => cacheMs <= allowedMs));
  const activated = all.filter(({ activateTimeMs }) => activateTimeMs > 0).length;
  t.equal(all.length, activated + 1, 'one new key for each rotation: all have signed but the next one');
  const times = all
    .map(({ activateTimeMs }) => activateTimeMs)
    .filter((time) => time > 0)
    .sort();
  const seconds = (Number(times.at(-1)) - Number(times[0])) / 1000;
  t.ok(seconds < (times.length - 1) * 6 * 1.15, `${times.length - 1} rotations in ${seconds.toFixed(1)} s`);
  t.ok(
    all.some(({ state }) => state === 'KEY_STATE_RETIRED'),
    'keys whose tokens have expired are gone',
  );
  for (const node of cluster.nodes) t.strictSame(node.errors(), [], node.name);
}
