/** Does time tell who is registered? A wrong password of a known user beside an unknown user, in turn. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAuthority } from '../test/support/authority.ts';
import { mostT, welch, withoutOutliers } from '../test/support/welch.ts';
import { atMost, median, type Row } from './measure.ts';

/** As many as a test of leakage needs to tell a tenth of a millisecond (L1). */
const tries = 1_000;

export async function loginRows(): Promise<readonly Row[]> {
  const authority = await startAuthority({
    dataDir: await mkdtemp(join(tmpdir(), 'bench-')),
    usualHashing: true,
  });
  try {
    const time = async (email: string) => {
      const start = performance.now();
      const { status } = await authority.call('POST', '/auth/login', {
        body: { email, password: 'wrong horse battery staple' },
      });
      if (status !== 401) throw new Error(`login answered ${status}`);
      return performance.now() - start;
    };
    const times = { known: [] as number[], unknown: [] as number[] };
    const kinds = Object.keys(times) as (keyof typeof times)[];
    for (let count = -10; count < tries; count += 1) {
      // Another one each time: a second wrong password is not like a first one.
      await authority.register(`known${count}@example.com`);
      // What comes first after that is slower, whoever it is; and who comes second is second half of the time.
      await time(`before${count}@example.com`);
      for (const kind of count % 2 === 0 ? kinds : kinds.toReversed()) {
        const took = await time(`${kind}${count}@example.com`);
        if (count >= 0) times[kind].push(took);
      }
    }
    const { known, unknown } = times;
    const [usualKnown = [], usualUnknown = []] = withoutOutliers([known, unknown]);
    const [a, b] = [median(known), median(unknown)];
    const t = welch(usualKnown, usualUnknown);
    return [
      {
        what: `a refused login, median of ${tries}`,
        yardstick: `${a.toFixed(2)} ms (wrong password)`,
        ours: `${b.toFixed(2)} ms (unknown user)`,
        ratio: (b / a).toFixed(3),
        reach: '0.90 to 1.10',
        verdict: Math.abs(b / a - 1) <= 0.1 ? 'reached' : 'not reached',
      },
      {
        what: "the same, Welch's t",
        yardstick: `± ${mostT}`,
        ours: t.toFixed(2),
        ratio: '',
        reach: `within ± ${mostT}`,
        verdict: atMost(Math.abs(t), mostT),
      },
    ];
  } finally {
    await authority.stop();
  }
}
