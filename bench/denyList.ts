/** A deny-list by itself. */
import { randomBytes } from 'node:crypto';
import { createDenyList, type DenyList, sliceLength } from '@countersign/verifier/revocation/denyList';
import { permanentLease } from '@countersign/verifier/revocation/lease';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';

const accessTtlMs = 15 * 60_000;
const chunk = 10_000;

/** A deny-list that holds this many random sessions, spread over the lifetime of a token. */
export async function filledDenyList(entries: number): Promise<DenyList> {
  const now = Date.now();
  const different = Math.min(chunk, entries);
  const expiry = (index: number) => now + Math.floor((accessTtlMs * ((index % different) + 1)) / different);
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
