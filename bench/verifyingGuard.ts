/** A process with a guard that verifies known tokens for as long as it is told, and answers how many and for how much CPU. */
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { createGuard } from '../packages/guard/src/index.ts';

export interface VerifyingOptions {
  readonly authority: string;
  readonly serviceToken: string;
  readonly tokens: readonly string[];
}

export interface Verified {
  readonly count: number;
  readonly cpuMicroseconds: number;
  /** Tokens that hit the filters by chance, and the authority did not answer in time: it has no core left. */
  readonly unanswered: number;
  /** In the guard's copy, at the end. */
  readonly revocations: number;
}

/** Between two of these, what has arrived is read. */
const atOnce = 500;

process.once('message', async ({ tokens, ...options }: VerifyingOptions) => {
  const guard = createGuard({ ...options, audience: 'countersign' });
  await guard.ready();
  for (const token of tokens) await guard.verify(token);
  process.on('message', async (milliseconds: number) => {
    const [until, before] = [performance.now() + milliseconds, process.cpuUsage()];
    let [count, unanswered] = [0, 0];
    while (performance.now() < until) {
      for (let turn = 0; turn < atOnce; turn += 1) {
        try {
          await guard.verify(tokens[count++ % tokens.length]);
        } catch (error) {
          if ((error as { code?: string }).code !== 'unavailable') throw error;
          unanswered += 1;
        }
      }
      await endOfTurn();
    }
    const { user, system } = process.cpuUsage(before);
    const { revocations } = guard.state();
    process.send?.({ count: count - unanswered, cpuMicroseconds: user + system, unanswered, revocations });
  });
  process.send?.('ready');
});
process.on('disconnect', () => process.exit());
