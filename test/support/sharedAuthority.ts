/** One authority for all tests of a file that ask for the same settings, since a start costs more than most tests. */
import t from 'tap';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { startAuthority, type TestAuthority } from './authority.ts';
import { createShiftedClock, type ShiftedClock } from './shiftedClock.ts';

export interface SharedAuthority extends TestAuthority {
  /** Goes on from test to test. */
  readonly clock: ShiftedClock;
  readonly engine: PostgresEngine;
}

type Settings = Readonly<Record<string, string>>;

const running = new Map<string, Promise<SharedAuthority>>();

/** Without users and all that they have, and with an empty log. The audit log, metrics and revocations of earlier tests are there. */
export async function sharedAuthority(env: Settings): Promise<SharedAuthority> {
  const name = JSON.stringify(env);
  const found = running.get(name);
  const starting = found ?? start(env);
  running.set(name, starting);
  const shared = await starting;
  if (found !== undefined) await removeUsers(shared);
  const logged = shared.log().length;
  return { ...shared, log: () => shared.log().slice(logged) };
}

async function start(env: Settings): Promise<SharedAuthority> {
  const clock = createShiftedClock();
  let engine: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...how) => {
    engine = await openEngine(...how);
    return engine;
  };
  const authority = await startAuthority({ clock, env, openDatabase });
  // Of the file that runs, whichever it is.
  t.teardown(async () => {
    running.clear();
    await authority.stop();
  });
  return { ...authority, clock, engine: engine as PostgresEngine };
}

async function removeUsers({
  authority: { operations },
  engine: { prisma },
}: SharedAuthority): Promise<void> {
  for (const { email } of await operations.listUsers({}))
    await operations.deleteUser({ email }, { name: 'operator' });
  await prisma.$executeRaw`TRUNCATE password_failures, one_time_tokens, outbox`;
}
