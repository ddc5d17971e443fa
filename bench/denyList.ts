/** The deny-list by itself: what a check costs in memory and time. */
import { randomBytes } from 'node:crypto';
import { createDenyList, type DenyList, sliceLength } from '@countersign/verifier/revocation/denyList';
import { permanentLease } from '@countersign/verifier/revocation/lease';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import { atMost, perSecond, type Row } from './measure.ts';

const accessTtlMs = 15 * 60_000;
const chunk = 10_000;

/** A deny-list that holds this many random sessions, spread over the lifetime of a token. */
export async function filledDenyList(entries: number): Promise<DenyList> {
  const now = Date.now();
  const expiry = (index: number) => now + Math.floor((accessTtlMs * ((index % chunk) + 1)) / chunk);
  const sliceMs = sliceLength(accessTtlMs);
  const denyList = createDenyList({
    lease: permanentLease,
    confirm: async () => ({ by: 'postgres', revocation: undefined }),
    sliceMs,
    onVerdict: () => {},
  });
  const counts = countSlices(entries, (index) => sliceEnd(expiry(index), sliceMs));
  await denyList.load(async (memory) => memory.reserve(counts));
  for (let added = 0; added < entries; added += chunk) {
    const ids = randomBytes(16 * chunk);
    const subjects = Array.from({ length: Math.min(chunk, entries - added) }, (_, index) =>
      ids.subarray(index * 16, index * 16 + 16),
    );
    denyList.add(subjects.map((subject, index) => ({ subject, reason: 'logout', expiresAt: expiry(index) })));
  }
  return denyList;
}

/** What a database would say of them before they are read. */
function countSlices(entries: number, endOf: (index: number) => number) {
  const counts = new Map<number, number>();
  for (let index = 0; index < entries; index += 1) {
    const endsAt = endOf(index);
    counts.set(endsAt, (counts.get(endsAt) ?? 0) + 1);
  }
  return [...counts].map(([endsAt, count]) => ({ endsAt, ofSessions: true, entries: count }));
}

/** Checks per second of ids that are not revoked. */
async function checksPerSecond(denyList: DenyList): Promise<number> {
  const subjects = Array.from({ length: 20_000 }, () => {
    const token = randomBytes(27);
    return [token, token.subarray(0, 16)];
  });
  const start = performance.now();
  let unsure = 0;
  for (let round = 0; round < 10; round += 1) {
    for (const pair of subjects) {
      const verdict = denyList.check(pair);
      if (verdict instanceof Promise) {
        unsure += 1;
        await verdict;
      }
    }
  }
  const elapsed = performance.now() - start;
  return ((10 * subjects.length - unsure) / elapsed) * 1000;
}

export async function denyListRows(): Promise<readonly Row[]> {
  const small = await checksPerSecond(await filledDenyList(1_000));
  const rows: Row[] = [];
  for (const entries of [1_000_000, 10_000_000]) {
    const denyList = await filledDenyList(entries);
    const ours = await checksPerSecond(denyList);
    const name = `${entries / 1_000_000} M revocations`;
    rows.push({
      what: `a check in memory, ${name}`,
      yardstick: `${perSecond(small)} with 1 k`,
      ours: perSecond(ours),
      ratio: (ours / small).toFixed(2),
      reach: 'for information',
      verdict: '',
    });
    const bytes = denyList.stats().bytes / entries;
    rows.push({
      what: `memory per revocation, ${name}`,
      yardstick: '2.4 bytes (bloom, 1e-4)',
      ours: `${bytes.toFixed(2)} bytes`,
      ratio: (bytes / 2.4).toFixed(2),
      reach: '≤ 3 bytes',
      verdict: atMost(bytes, 3),
    });
  }
  return rows;
}
