/** The long form: each race a thousand times, or as often as it is asked for. */
import { startCluster } from '../support/cluster.ts';
import { enders, type RaceResult, raceWithEnd, raceWithItself } from './races.ts';

const tokensAtOnce = 50;

export async function runSessionRaces(parts: {
  readonly rounds: number;
  readonly counts: { passed: number; failed: number };
  readonly print: (line: string) => void;
}): Promise<void> {
  const { rounds, counts, print } = parts;
  const cluster = await startCluster(2, {}, { direct: true });
  const run = async (name: string, race: () => Promise<RaceResult>) => {
    const { refreshed, wrong } = await race();
    print(`${name}: ${rounds} rounds, ${refreshed} refreshes answered, ${wrong.length} wrong`);
    for (const what of wrong.slice(0, 20)) print(`  ${what}`);
    counts[wrong.length === 0 ? 'passed' : 'failed'] += 1;
  };
  try {
    await run(`${tokensAtOnce} refreshes of one token`, () => raceWithItself(cluster, tokensAtOnce, rounds));
    for (const [name, ender] of Object.entries(enders))
      await run(`a refresh and ${name}`, () => raceWithEnd(cluster, ender, rounds));
  } finally {
    await cluster.stop();
  }
}
