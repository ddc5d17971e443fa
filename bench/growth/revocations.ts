/** What more live revocations cost: a check in memory, memory, and false positives, of which each is a question to Redis. */
import { randomBytes } from 'node:crypto';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import { filledDenyList } from '../denyList.ts';
import type { Say } from '../main.ts';
import { atMost, type Effort, median, perSecond, type Row, scaled } from '../measure.ts';

const sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const rounds = 5;
const idsOfRound = 500_000;
/** Of a token's ids: itself with its session in front, and the session's rights. The filters are full of sessions only. */
const [idBytes, sessionBytes] = [27, 16];
const atOnce = 100_000;
const reachBytes = 3;
/** Of one filter (`verifierLimits.bloomFalsePositives`). A check asks that of each time slice. */
const reachFalsePositives = 1e-4;
/** Below this, filters are as small as they may be. */
const fullFilters = 1_000_000;

export async function revocationRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const largest = scaled(sizes.at(-1) ?? 0, effort, sizes[0]);
  const lists: Filled[] = [];
  for (const size of sizes.filter((each) => each <= largest)) {
    say(`filling memory with ${size.toLocaleString('en')} revocations`);
    lists.push({ size, denyList: await filledDenyList(size), rates: [], hits: 0, checks: 0 });
  }
  say('checking in memory, each in turn');
  for (let round = 0; round <= rounds; round += 1) {
    for (const list of lists) {
      const { checks, hits, milliseconds } = await check(list.denyList, scaled(idsOfRound, effort));
      list.checks += checks;
      list.hits += hits;
      // The first round warms up.
      if (round > 0) list.rates.push((checks / milliseconds) * 1_000);
    }
  }
  const smallest = median(lists[0]?.rates ?? []);
  return lists.flatMap((list) => rowsOf(list, smallest));
}

interface Filled {
  readonly size: number;
  readonly denyList: DenyList;
  readonly rates: number[];
  hits: number;
  checks: number;
}

function rowsOf({ size, denyList, rates, hits, checks }: Filled, smallest: number): Row[] {
  const { bytes, slices } = denyList.stats();
  const falsePositives = hits / checks;
  const [ofEach, ofFilter] = [bytes / size, falsePositives / slices];
  const of = `${size.toLocaleString('en')} revocations`;
  const isFull = size >= fullFilters;
  return [
    {
      what: `a check in memory, ${of}`,
      yardstick: `${perSecond(smallest)} with 1 k`,
      ours: perSecond(median(rates)),
      ratio: (median(rates) / smallest).toFixed(2),
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
  ];
}

/** Of sessions that are not revoked, each with other ids. */
async function check(denyList: DenyList, count: number) {
  let hits = 0;
  let milliseconds = 0;
  for (let done = 0; done < count; done += atOnce) {
    const random = randomBytes(2 * idBytes * atOnce);
    const began = performance.now();
    for (let at = 0; at < random.length; at += 2 * idBytes) {
      const token = random.subarray(at, at + idBytes);
      const rights = random.subarray(at + idBytes, at + 2 * idBytes);
      const verdict = denyList.check([token, token.subarray(0, sessionBytes), rights]);
      if (!(verdict instanceof Promise)) continue;
      hits += 1;
      await verdict;
    }
    milliseconds += performance.now() - began;
  }
  return { checks: Math.ceil(count / atOnce) * atOnce, hits, milliseconds };
}
