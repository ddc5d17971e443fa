/** What more live revocations cost: a check in memory, memory, and false positives, of which each is a question to Redis. */
import { randomBytes } from 'node:crypto';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import { filledDenyList } from '../denyList.ts';
import type { Say } from '../main.ts';
import { atMost, perSecond, type Row } from '../measure.ts';

const sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const ids = 2_000_000;
const atOnce = 100_000;
const reachBytes = 3;
/** Of one filter (`verifierLimits.bloomFalsePositives`). A check asks that of each time slice. */
const reachFalsePositives = 1e-4;
/** Below this, filters are as small as they may be. */
const fullFilters = 1_000_000;

export async function revocationRows(scale: number, say: Say): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const largest = Math.max(sizes[0] ?? 0, (sizes.at(-1) ?? 0) * scale);
  let smallest: number | undefined;
  for (const size of sizes.filter((each) => each <= largest)) {
    say(`checking in memory, ${size.toLocaleString('en')} revocations`);
    const denyList = await filledDenyList(size);
    const { perSecond: checks, falsePositives } = await check(denyList, Math.ceil(ids * scale));
    smallest ??= checks;
    const { bytes, slices } = denyList.stats();
    const [ofEach, ofFilter] = [bytes / size, falsePositives / slices];
    const of = `${size.toLocaleString('en')} revocations`;
    const isFull = size >= fullFilters;
    rows.push(
      {
        what: `a check in memory, ${of}`,
        yardstick: `${perSecond(smallest)} with 1 k`,
        ours: perSecond(checks),
        ratio: (checks / smallest).toFixed(2),
        ...{ reach: 'for information', verdict: '' },
      },
      {
        what: `memory of a revocation, ${of}`,
        yardstick: '2.4 bytes (bloom, 1e-4)',
        ours: `${ofEach.toFixed(2)} bytes`,
        ratio: (ofEach / 2.4).toFixed(2),
        reach: isFull ? `≤ ${reachBytes} bytes` : 'for information',
        verdict: isFull ? atMost(ofEach, reachBytes) : '',
      },
      {
        what: `false positives of a filter, ${of}`,
        yardstick: '1e-4',
        ours: `${ofFilter.toExponential(1)}; of a check, with ${slices} filters, ${falsePositives.toExponential(1)}`,
        ratio: (ofFilter / reachFalsePositives).toFixed(2),
        reach: '≤ 1e-4',
        verdict: atMost(ofFilter, reachFalsePositives),
      },
    );
  }
  return rows;
}

/** Of sessions that are not revoked, each with another id. */
async function check(denyList: DenyList, count: number) {
  let hits = 0;
  let milliseconds = 0;
  for (let done = 0; done < count; done += atOnce) {
    const random = randomBytes(27 * atOnce);
    const began = performance.now();
    for (let at = 0; at < random.length; at += 27) {
      const token = random.subarray(at, at + 27);
      const verdict = denyList.check([token, token.subarray(0, 16)]);
      if (!(verdict instanceof Promise)) continue;
      hits += 1;
      await verdict;
    }
    milliseconds += performance.now() - began;
  }
  const checks = Math.ceil(count / atOnce) * atOnce;
  return { perSecond: (checks / milliseconds) * 1_000, falsePositives: hits / checks };
}
