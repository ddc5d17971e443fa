/** Compares times of answers (L1, L2) for an address that a user has with those for one that nobody has. */
import { randomInt } from 'node:crypto';
import type { Test } from 'tap';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { startAuthority, type TestAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { mean, mostT, welch, withoutOutliers } from '../support/welch.ts';

export const known = 'known@example.com';
export const unknown = 'nobody@example.com';

export const samples = 1_000;
/** Counted as ever, but never used up. */
export const unlimited = 1_000_000;

export interface Comparison {
  readonly ask: (address: string) => Promise<unknown>;
  /**
   * Awaited before each measured request. Messages are sent after the answer, by the process that answers: so none meets those of the
   * request before.
   */
  readonly quiet?: () => Promise<unknown>;
  /** What must be there before each is asked, and does not count. */
  readonly prepare?: (count: number) => Promise<unknown>;
  readonly addresses?: readonly [known: string, unknown: string];
  /** Both at once: in half the time, where each does much by itself. */
  readonly atOnce?: true;
}

export async function compare(t: Test, comparison: Comparison): Promise<void> {
  const { ask, quiet, prepare, addresses = [known, unknown], atOnce } = comparison;
  const times: [number[], number[]] = [[], []];
  const measure = async (index: 0 | 1, isMeasured: boolean) => {
    const begun = performance.now();
    await ask(addresses[index]);
    if (isMeasured) times[index].push(performance.now() - begun);
  };
  for (let count = -10; count < samples; count += 1) {
    // In no rhythm: messages that are sent a little later would meet one of them more often.
    const order = randomInt(2) === 0 ? ([0, 1] as const) : ([1, 0] as const);
    await prepare?.(count);
    for (const indexes of atOnce ? [order] : order.map((index) => [index])) {
      await quiet?.();
      await Promise.all(indexes.map((index) => measure(index, count >= 0)));
    }
  }
  const [one = [], other = []] = withoutOutliers(times);
  const value = welch(one, other);
  const means = [one, other].map((each) => mean(each).toFixed(2)).join(' and ');
  const found = `t = ${value.toFixed(2)}, ${means} ms`;
  t.comment(`${t.name}: ${found}`);
  t.ok(Math.abs(value) < mostT, found);
  const shorter = other.map((milliseconds) => milliseconds * 0.6);
  t.ok(welch(one, shorter) > mostT, 'a shorter way would be seen');
}

/** An authority, and `quiet`: its outbox is empty, and its sender has looked again. `sent`: messages that have arrived. */
export async function startQuiet(t: Test, sent: () => number, parts: Parameters<typeof startAuthority>[0]) {
  let engine: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...how) => {
    engine = await openEngine(...how);
    return engine;
  };
  const node = await startAuthority({ ...parts, openDatabase });
  t.teardown(() => node.stop());
  let before = sent();
  const quiet = async () => {
    const isEmpty = async () => (await engine?.prisma.outboxMessage.count()) === 0;
    if ((await isEmpty()) && sent() === before) return;
    let looks = 0;
    // Twice in a row: after the last message the sender asks for more, which takes less time than lies between two looks.
    await eventually('all is sent', async () => {
      looks = (await isEmpty()) ? looks + 1 : 0;
      return looks === 2;
    });
    before = sent();
  };
  return { node, quiet };
}

export async function startCodeLogin({ call }: TestAuthority, to: object): Promise<void> {
  const { status } = await call('POST', '/auth/login/code/start', { body: to });
  if (status !== 202) throw new Error(`the start of a login with a code: ${status}`);
}
