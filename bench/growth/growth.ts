/**
 * What grows with revocations, users and sessions, up to 10 M and 1 M. Not among the usual cases: making the data takes most of its
 * twenty minutes. `--scale=0.01` makes a hundredth of it.
 */
import type { Say } from '../main.ts';
import { type Effort, type Row, scaled } from '../measure.ts';
import { openPeople, sizeRow } from './people.ts';
import { plansRow } from './plans.ts';
import { pauseRows, pruningRow } from './pruning.ts';
import { revocationRows } from './revocations.ts';
import { useRows } from './use.ts';

const few = { users: 1_000, sessions: 10_000 };
const many = { users: 1_000_000, sessions: 10_000_000 };

export async function growthRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const rows = [...(await revocationRows(effort, say))];
  const stops: (() => Promise<unknown>)[] = [];
  const open = async (size: typeof few) => {
    const people = await openPeople(size, say);
    stops.push(people.stop);
    return people;
  };
  try {
    const small = await open(few);
    const large = await open({
      users: scaled(many.users, effort, few.users),
      sessions: scaled(many.sessions, effort, few.sessions),
    });
    rows.push(await sizeRow(large));
    rows.push(...(await useRows(small, large, say)));
    rows.push(await pruningRow(small, large));
    rows.push(...(await pauseRows(large, scaled(1_000_000, effort), say)));
    rows.push(await plansRow(small, large, say));
    return rows;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
