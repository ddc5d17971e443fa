/**
 * What the model knows of the world: one node that checks (and may be restarted once, as another node), one that writes,
 * the database between them, and messages. Time is a few ticks: only how long ago something was, and no longer than
 * it matters. Renewal numbers are names: only whether two are the same matters. So the states are finite, however
 * long the system runs, and an exploration can be complete.
 */

/** For how long a node may answer from memory, in ticks. */
export const lease = 2;
/** How much longer a writer waits: the clock of the other node may have missed a tick. */
export const margin = 1;
/** From here on, how long ago something was makes no difference. */
export const longAgo = lease + margin;

/** The node before its crash and after: each has its own row, and its own acknowledgements. */
export type Run = 0 | 1;
export const runs: readonly Run[] = [0, 1];

/** A set of revocations, or of runs: bit n is number n. */
export type BitSet = number;
export const has = (set: BitSet, member: number) => (set & (1 << member)) !== 0;
export const including = (set: BitSet, member: number) => set | (1 << member);

/** One renewal in progress. */
export interface Renewal {
  /** Ticks since the node noted its own time. */
  readonly since: number;
  /** Steps done, after the time was noted. */
  readonly steps: 0 | 1 | 2;
}

export interface Node {
  readonly run: Run;
  readonly renewal: Renewal | undefined;
  /** Ticks since the time from which the lease counts; `lease` or more: there is none. */
  readonly leaseSince: number;
  /** Revocations in memory: only of these it says "revoked" while it has a lease. */
  readonly knows: BitSet;
  /** Only in a mutant that needs it: it has written its row. */
  readonly wrote: boolean;
  /** How far it has read. */
  readonly position: number;
}

/** What the database has of a node. */
export interface Row {
  readonly number: number;
  readonly position: number;
}

/** The number that the writer saw last in a row, and for how many ticks it has known it. */
export interface Sighting {
  readonly number: number;
  readonly since: number;
}

const transactionStates = ['none', 'open', 'committed', 'rolled back'] as const;

export interface Revocation {
  readonly transaction: (typeof transactionStates)[number];
  /** The writer has read which nodes it must wait for. */
  readonly rowsRead: boolean;
  /** For each run, for how many more ticks the writer waits for it; 0: not at all. */
  readonly waits: readonly [number, number];
  /** Ticks since the writer began to wait. */
  readonly waited: number;
  /** The caller was told that it is in effect. */
  readonly acknowledged: boolean;
}

export interface State {
  readonly node: Node;
  readonly rows: readonly [Row | undefined, Row | undefined];
  /** An upsert that the node has given up and that the database may still execute. */
  readonly late: (Row & { readonly run: Run }) | undefined;
  readonly sightings: readonly [Sighting | undefined, Sighting | undefined];
  /** A deletion that was sent, and has not been executed. */
  readonly deletion: { readonly run: Run; readonly number: number } | undefined;
  /** Only in a mutant: ticks since the writer noted when it would look. */
  readonly lookDated: number | undefined;
  readonly revocations: readonly Revocation[];
  /** The clock of the node has missed a tick. */
  readonly slipped: boolean;
}

export function freshNode(run: Run): Node {
  return { run, renewal: undefined, leaseSince: lease, knows: 0, wrote: false, position: 0 };
}

export function initialState(revocations: number): State {
  return {
    node: freshNode(0),
    rows: [undefined, undefined],
    late: undefined,
    sightings: [undefined, undefined],
    deletion: undefined,
    lookDated: undefined,
    revocations: Array.from({ length: revocations }, () => ({
      transaction: 'none',
      rowsRead: false,
      waits: [0, 0],
      waited: 0,
      acknowledged: false,
    })),
    slipped: false,
  };
}

export function withRow({ rows }: State, run: Run, row: Row | undefined): State['rows'] {
  return run === 0 ? [row, rows[1]] : [rows[0], row];
}

export function revocationOf({ revocations }: State, number: number): Revocation {
  const revocation = revocations[number];
  if (revocation === undefined) throw new Error(`there is no revocation ${number}`);
  return revocation;
}

export function withRevocation(state: State, number: number, change: Partial<Revocation>): State {
  const revocations = state.revocations.map((revocation, index) =>
    index === number ? { ...revocation, ...change } : revocation,
  );
  return { ...state, revocations };
}

/** A renewal number that nothing mentions: as good as one that was never used. */
export function unusedNumber(state: State): number {
  const used = numbersOf(state);
  let number = 1;
  while (used.includes(number)) number += 1;
  return number;
}

function numbersOf({ rows, late, sightings, deletion }: State): readonly (number | undefined)[] {
  return [...rows, late, ...sightings, deletion].map((mention) => mention?.number);
}

/** Without a number that no row has or can get: a look sees another one, a deletion does nothing. */
export function forgetful(state: State): State {
  const { rows, late, sightings, deletion } = state;
  const there = [...rows, late].map((row) => row?.number);
  const kept = <T extends { readonly number: number }>(thing: T | undefined) =>
    there.includes(thing?.number) ? thing : undefined;
  return { ...state, sightings: [kept(sightings[0]), kept(sightings[1])], deletion: kept(deletion) };
}

/** Equal for states from which the same can happen: renewal numbers are told apart by where they are mentioned first. */
export function canonicalKey(state: State): string {
  const { node, rows, late, sightings, deletion, lookDated } = state;
  const numbers = numbersOf(state);
  const fields = numbers.map((number) => (number === undefined ? 0 : numbers.indexOf(number) + 1));
  fields.push(node.run, node.leaseSince, node.knows, node.position, flags(state.slipped, node.wrote));
  fields.push(...[node.renewal?.steps, late?.run, late?.position, deletion?.run, lookDated].map(orNone));
  fields.push(...[node.renewal, ...sightings].map((timed) => orNone(timed?.since)));
  fields.push(...rows.map((row) => orNone(row?.position)));
  for (const revocation of state.revocations) {
    const { transaction, rowsRead, waits, acknowledged } = revocation;
    const waited = waits[0] + waits[1] === 0 ? 0 : revocation.waited;
    fields.push(transactionStates.indexOf(transaction), flags(rowsRead, acknowledged), ...waits, waited);
  }
  return String.fromCharCode(...fields);
}

function orNone(value: number | undefined): number {
  return value === undefined ? 0 : value + 1;
}

function flags(...set: readonly boolean[]): BitSet {
  return set.reduce((bits, is, index) => (is ? including(bits, index) : bits), 0);
}
