/** What the writer does: it commits revocations, watches the rows of the nodes, waits and acknowledges. */
import type { Action, Protocol } from './mutants.ts';
import {
  has,
  lease,
  longAgo,
  margin,
  type Revocation,
  type Row,
  type Run,
  revocationOf,
  runs,
  type Sighting,
  type State,
  withRevocation,
  withRow,
} from './state.ts';

/** About one revocation: commit → read the rows → wait for each of them → acknowledge. */
export function writerActions(protocol: Protocol, number: number): Action[] {
  const before = protocol.mutant === 'the rows are read before the commit' ? 'open' : 'committed';
  const beforeKnowing = protocol.mutant === 'a node acknowledges before it knows';
  const end = (outcome: 'committed' | 'rolled back') => (state: State) =>
    revocationOf(state, number).transaction === 'open'
      ? withRevocation(state, number, { transaction: outcome })
      : undefined;
  return [
    {
      name: `transaction ${number} begins`,
      step: (state) => {
        // In the order of their numbers, which are those of the sequence in a mutant.
        const first = state.revocations.findIndex(({ transaction }) => transaction === 'none');
        return first === number ? withRevocation(state, number, { transaction: 'open' }) : undefined;
      },
    },
    { name: `transaction ${number} commits`, step: end('committed') },
    { name: `transaction ${number} is rolled back`, step: end('rolled back') },
    {
      name: `the writer reads for whom to wait with revocation ${number}`,
      step: (state) => {
        const { transaction, rowsRead } = revocationOf(state, number);
        if (transaction !== before || rowsRead) return undefined;
        const looked = look(protocol, state);
        const [first, second] = runs.map((run) => ticksToWait(protocol, looked, run, number));
        return withRevocation(looked, number, { rowsRead: true, waits: [first ?? 0, second ?? 0] });
      },
    },
    ...runs.map((run) => ({
      name: `the acknowledgement of revocation ${number} by node ${run} arrives`,
      step: (state: State) => {
        const { node } = state;
        const { waits } = revocationOf(state, number);
        // One that has ended may have sent it before.
        const sent = run < node.run || has(node.knows, number) || beforeKnowing;
        if (waits[run] === 0 || run > node.run || !sent) return undefined;
        return withRevocation(state, number, { waits: without(waits, run) });
      },
    })),
    {
      name: `the writer acknowledges revocation ${number}`,
      step: (state) => {
        const { transaction, rowsRead, waits, acknowledged } = revocationOf(state, number);
        const inEffect = transaction === 'committed' && rowsRead && waits.every((ticks) => ticks === 0);
        return inEffect && !acknowledged ? withRevocation(state, number, { acknowledged: true }) : undefined;
      },
    },
  ];
}

/** About the rows: look at them at any time, and delete those that have not changed for as long as a lease can last. */
export function watchActions(protocol: Protocol): Action[] {
  const { mutant } = protocol;
  return [
    {
      name: 'the writer notes when it looks',
      step: (state) => {
        const noted = mutant !== 'a look is dated before its answer: from when it was asked';
        return noted || state.lookDated !== undefined ? undefined : { ...state, lookDated: 0 };
      },
    },
    { name: 'the writer looks at the rows', step: (state) => look(protocol, state) },
    ...runs.map((run) => ({
      name: `the writer sends the deletion of the row of node ${run}`,
      step: (state: State) => {
        const sighting = state.sightings[run];
        if (sighting === undefined || state.deletion !== undefined) return undefined;
        if (sighting.since < provenDeadAfter(protocol)) return undefined;
        return { ...state, deletion: { run, number: sighting.number } };
      },
    })),
    {
      name: 'a deletion is executed',
      step: ({ deletion, ...state }) => {
        if (deletion === undefined) return undefined;
        const done = { ...state, deletion: undefined };
        const same = state.rows[deletion.run]?.number === deletion.number;
        if (!same && mutant !== 'a row is deleted whatever its renewal') return done;
        return { ...done, rows: withRow(done, deletion.run, undefined) };
      },
    },
  ];
}

function provenDeadAfter({ mutant }: Protocol): number {
  return mutant === 'nobody waits a margin longer' ? lease : lease + margin;
}

/** One statement reads all rows; what was seen with another number before counts from now. */
function look(protocol: Protocol, state: State): State {
  const { mutant } = protocol;
  const seen = (run: Run): Sighting | undefined => {
    const [row, before] = [state.rows[run], state.sightings[run]];
    if (row === undefined || row.number === before?.number) return row && before;
    const anyRenewal = mutant === 'a row is dead by when another renewal of it was seen';
    return { number: row.number, since: (anyRenewal ? before?.since : state.lookDated) ?? 0 };
  };
  const sightings = [seen(0), seen(1)] as const;
  const anew = (run: Run) =>
    mutant === 'a writer waits anew for each renewal' &&
    sightings[run]?.number !== state.sightings[run]?.number;
  const waiting = (revocation: Revocation, number: number): Revocation => {
    let { waits } = revocation;
    for (const run of runs) {
      if (waits[run] === 0) continue;
      if (knowsOrIsGone(protocol, state.rows[run], number)) waits = without(waits, run);
      else if (anew(run)) waits = run === 0 ? [longAgo, waits[1]] : [waits[0], longAgo];
    }
    return { ...revocation, waits };
  };
  return { ...state, sightings, lookDated: undefined, revocations: state.revocations.map(waiting) };
}

/**
 * For how long the lease of a row that was read after the commit can last. A later renewal of that node does not make it
 * longer: it reads after its upsert, hence after the commit, and knows the revocation.
 */
function ticksToWait(protocol: Protocol, state: State, run: Run, number: number): number {
  const [row, sighting] = [state.rows[run], state.sightings[run]];
  if (protocol.mutant === 'a writer acknowledges without waiting') return 0;
  if (sighting === undefined || knowsOrIsGone(protocol, row, number)) return 0;
  return Math.max(provenDeadAfter(protocol) - sighting.since, 0);
}

function knowsOrIsGone({ mutant }: Protocol, row: Row | undefined, number: number): boolean {
  if (row === undefined) return true;
  if (mutant === 'a reader goes on from the highest sequence number') return row.position >= number + 1;
  return has(row.position, number);
}

function without(waits: Revocation['waits'], run: Run): Revocation['waits'] {
  return run === 0 ? [0, waits[1]] : [waits[0], 0];
}
