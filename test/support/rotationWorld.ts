/**
 * Two nodes, one ring and two clocks: the true time, which only the test knows, and the wall clock of the store, which may
 * step. The world keeps book of what is true: which sets others may still use, and until when tokens live.
 */
import { randomBytes } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import { changeKeyRing } from '../../src/keys/changeKeyRing.ts';
import { createKeepKeyRing } from '../../src/keys/keepKeyRing.ts';
import type { KeyPolicy } from '../../src/keys/keyPolicy.ts';
import type { Keep } from '../../src/keys/ringKeeper.ts';
import { inState, readyIn, revokeKey, rotate } from '../../src/keys/rotation.ts';
import type { StoredRing, StoredSigningKey } from '../../src/keys/store.ts';
import { createSealing } from '../../src/platform/sealing.ts';
import { createMemoryDatabase } from './memoryDatabase.ts';

const skewMs = verifierLimits.clockSkewSeconds * 1_000;
const sealing = createSealing(randomBytes(32));
type Keys = readonly StoredSigningKey[];

interface Node {
  policy: KeyPolicy;
  keep: Keep;
  /** Its own ring, and when it asked for it. */
  view: { readonly keys: Keys; readonly at: number };
}

/** A set that others may use until then. */
interface ServedSet {
  readonly kids: ReadonlySet<string>;
  readonly until: number;
}

export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

function promise(kept: boolean, what: string): void {
  if (!kept) throw new BrokenPromise(what);
}

export async function createWorld(policies: readonly [KeyPolicy, KeyPolicy]) {
  let [elapsed, stepped] = [0, 0];
  const database = createMemoryDatabase(() => Date.UTC(2030, 0, 1) + elapsed + stepped);
  const clock = { monotonic: () => elapsed };
  const keepOf = (policy: KeyPolicy) => createKeepKeyRing({ database, sealing, policy, clock });
  let served: ServedSet[] = [];
  /** Until when each key must be there for the tokens that were signed with it. */
  const tokensUntil = new Map<string, number>();
  let firstSet: ReadonlySet<string> | undefined;

  const live = () =>
    database.contents().keys.filter(({ state }) => state !== 'retired' && state !== 'revoked');
  const stateOf = (kid: string) => database.contents().keys.find((key) => key.kid === kid)?.state;

  /** A node signs and serves for as long as its ring is young enough, and does it at the last moment. */
  const use = ({ view, policy }: Node) => {
    const last = Math.min(elapsed, view.at + policy.ringAgeMs);
    const cachedMs = policy.maxAgeMs + policy.staleWhileRevalidateMs;
    served.push({ kids: new Set(view.keys.map(({ kid }) => kid)), until: last + cachedMs });
    const signer = inState(view.keys, 'active')?.kid ?? '';
    const until = last + policy.tokenLifetimeMs + skewMs + policy.maxAgeMs;
    tokensUntil.set(signer, Math.max(until, tokensUntil.get(signer) ?? 0));
  };

  const checkRing = () => {
    const states = live().map(({ state }) => state);
    promise(states.filter((state) => state === 'active').length === 1, 'one key signs');
    promise(states.filter((state) => state === 'next').length === 1, 'one key will sign');
  };

  /** A rotation on schedule, and what was retired with it. */
  const checkLook = (before: Keys, created: number) => {
    promise(created <= (before.length === 0 ? 2 : 1), 'at most one key a rotation');
    served = served.filter(({ until }) => until > elapsed);
    for (const { kid, state } of before) {
      const activated = state === 'next' && stateOf(kid) === 'active';
      const isLacking = served.some(({ kids }) => !kids.has(kid));
      promise(!activated || firstSet?.has(kid) === true || !isLacking, 'published before it signs');
      const retired = state === 'retiring' && stateOf(kid) === 'retired';
      promise(!retired || (tokensUntil.get(kid) ?? 0) <= elapsed, 'kept until its last token has expired');
    }
  };

  const look = async (node: Node) => {
    const [before, created] = [live(), database.contents().keys.length];
    const { keys } = await node.keep();
    node.view = { keys, at: elapsed };
    checkLook(before, database.contents().keys.length - created);
    checkRing();
    firstSet ??= new Set(keys.map(({ kid }) => kid));
    const committed = database.committed();
    const again = await node.keep();
    promise(database.committed() === committed, 'looking again changes nothing');
    promise(again.dueInMs > 0, 'and nothing is due at once');
    use(node);
    return again.dueInMs;
  };

  const start = async (policy: KeyPolicy): Promise<Node> => {
    const node = { policy, keep: keepOf(policy), view: { keys: [], at: elapsed } };
    await look(node);
    return node;
  };

  const nodes = [await start(policies[0]), await start(policies[1])] as [Node, Node];

  const change = (node: Node, rule: (ring: StoredRing) => Keys) =>
    database.transaction(async (stores) => {
      const ring = await stores.signingKeys.lock();
      const parts = { sealing, policy: node.policy };
      await changeKeyRing(stores, parts, ring, rule(ring), { name: 'operator' });
    });

  return {
    nodes,
    live,
    look,
    contents: database.contents,
    committed: database.committed,
    signing: () => inState(live(), 'active')?.kid,
    pass(milliseconds: number) {
      elapsed += milliseconds;
      for (const node of nodes) use(node);
    },
    step(milliseconds: number) {
      stepped += milliseconds;
    },
    /** With other settings, or the same. */
    async restart(index: 0 | 1, policy: KeyPolicy) {
      nodes[index] = await start(policy);
    },
    async rotate(node: Node) {
      await look(node);
      await change(node, (ring) =>
        readyIn(ring, node.policy) <= 0 ? rotate(ring.keys, ring.now) : ring.keys,
      );
      checkRing();
      await look(node);
    },
    async revoke(node: Node, kid: string) {
      await change(node, (ring) => revokeKey(ring.keys, kid, ring.now));
      checkRing();
      await look(node);
    },
  };
}

export type World = Awaited<ReturnType<typeof createWorld>>;
