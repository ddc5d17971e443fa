/** Whether the workers together are ready. Ready means that every connection will be served, whichever worker it goes to. */
import type { Serving } from '../serve.ts';
import type { WorkerHealth } from './messages.ts';
import type { Place } from './place.ts';

/** A part that is not ready names the worker. Warnings are as of the last answer to `readiness`. */
export type WorkersHealth = Pick<Serving, 'readiness' | 'warnings'>;

export function createWorkersHealth(places: readonly Place[]): WorkersHealth {
  let warnings: readonly string[] = [];
  let startedOnce = false;

  const ask = async ({ number, worker }: Place): Promise<{ number: number; health: WorkerHealth }> => {
    const silent = { readiness: { process: 'does not answer' }, warnings: [] };
    return {
      number,
      health: await (worker()
        ?.ask('health')
        .catch(() => silent) ?? silent),
    };
  };
  return {
    async readiness() {
      startedOnce ||= places.every((place) => place.isServing());
      // One that is replaced gets no connection. During the start, readiness is for all.
      const asked = places.filter((place) => (startedOnce ? place.isServing() : place.worker()?.isOpen()));
      const told = await Promise.all(asked.map(ask));
      const stays = told.filter(({ health }) => health.readiness['process'] !== 'draining');
      // One that leaves alone is replaced soon; when all do, the whole stops.
      const answers = stays.length === 0 ? told : stays;
      const leaving = told.filter((each) => !answers.includes(each));
      const troubles = places.flatMap((place) => (startedOnce && place.trouble()) || []);
      const drains = leaving.map(({ number }) => `worker ${number} drains`);
      const ofWorkers = answers.flatMap(({ health }) => health.warnings);
      warnings = [...new Set([...troubles, ...drains, ...ofWorkers])];
      const [first] = answers;
      if (first === undefined) return { process: troubles[0] ?? 'draining' };
      const parts = new Set(answers.flatMap(({ health }) => Object.keys(health.readiness)));
      const merged = Object.fromEntries(
        [...parts].map((part) => {
          const not = answers.find(({ health }) => (health.readiness[part] ?? 'ready') !== 'ready');
          return [part, not === undefined ? 'ready' : `worker ${not.number}: ${not.health.readiness[part]}`];
        }),
      );
      return startedOnce || merged['process'] !== 'ready' ? merged : { ...merged, process: 'starting' };
    },
    warnings: () => warnings,
  };
}
