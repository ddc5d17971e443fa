/** What the node that checks does: it renews its lease, hears of revocations and acknowledges them. */
import type { Action, Protocol } from './mutants.ts';
import {
  has,
  including,
  lease,
  type Node,
  type Row,
  revocationOf,
  type State,
  unusedNumber,
  withRow,
} from './state.ts';

/** (a) note the own time → (b) upsert the row → (c) read what was committed since → (d) hold the lease. */
export function renewalActions({ faults, mutant }: Protocol): Action[] {
  const order = mutant === 'a node reads before it writes its row' ? ['read', 'upsert'] : ['upsert', 'read'];
  const next = ({ renewal }: Node) => (renewal === undefined ? undefined : (order[renewal.steps] ?? 'hold'));
  const committed = ({ revocations }: State) =>
    revocations.reduce(
      (set, { transaction }, number) => (transaction === 'committed' ? including(set, number) : set),
      0,
    );
  const advanced = (node: Node, change: Partial<Node> = {}): Node => {
    const { renewal } = node;
    if (renewal === undefined) throw new Error('no renewal is in progress');
    return { ...node, ...change, renewal: { ...renewal, steps: renewal.steps === 0 ? 1 : 2 } };
  };
  const countsAnew = mutant === 'a restarted node is the same node and counts anew';
  const newRow = (state: State): Row => ({
    number: countsAnew && !state.node.wrote ? 1 : unusedNumber(state),
    position: mutant === 'a node reports what it has yet to read' ? committed(state) : state.node.position,
  });
  const read = (state: State): State => {
    const { node } = state;
    const bySequence = mutant === 'a reader goes on from the highest sequence number';
    const now = committed(state);
    // Revocation n has the sequence number n + 1: the highest one is the position, and below it nothing is looked for.
    const fresh = bySequence ? now & ~((1 << node.position) - 1) : now & ~node.position;
    const position = bySequence ? Math.max(node.position, 32 - Math.clz32(now)) : now;
    return { ...state, node: advanced(node, { knows: node.knows | fresh, position }) };
  };
  const sentAgain = mutant === 'an upsert that may have been executed is sent again';
  return [
    {
      name: '(a) the node notes its time',
      step: (state) => {
        if (state.node.renewal !== undefined) return undefined;
        return { ...state, node: { ...state.node, renewal: { since: 0, steps: 0 } } };
      },
    },
    {
      name: '(b) the node writes its row',
      step: (state) => {
        if (next(state.node) !== 'upsert') return undefined;
        const { run } = state.node;
        const row = newRow(state);
        const late = sentAgain ? (state.late ?? { run, ...row }) : state.late;
        const node = advanced(state.node, { wrote: countsAnew });
        return { ...state, late, node, rows: withRow(state, run, row) };
      },
    },
    {
      name: '(c) the node reads what was committed since',
      step: (state) => (next(state.node) === 'read' ? read(state) : undefined),
    },
    {
      name: '(d) the node holds the lease',
      step: (state) => {
        const { renewal } = state.node;
        if (renewal === undefined || next(state.node) !== 'hold') return undefined;
        const late = mutant === 'a lease counts from the end of the renewal';
        const leaseSince = late ? 0 : Math.min(renewal.since, lease);
        return { ...state, node: { ...state.node, leaseSince, renewal: undefined } };
      },
    },
    {
      name: 'the node gives a renewal up',
      step: (state) =>
        state.node.renewal === undefined
          ? undefined
          : { ...state, node: { ...state.node, renewal: undefined } },
    },
    {
      name: 'the node gives its upsert up, which is still on its way',
      step: (state) => {
        if (next(state.node) !== 'upsert' || state.late !== undefined) return undefined;
        if (!faults.includes('a late upsert')) return undefined;
        const late = { run: state.node.run, ...newRow(state) };
        return { ...state, late, node: { ...state.node, renewal: undefined } };
      },
    },
    {
      name: 'a late upsert is executed',
      step: (state) => {
        if (state.late === undefined) return undefined;
        const { run, number, position } = state.late;
        return { ...state, late: undefined, rows: withRow(state, run, { number, position }) };
      },
    },
  ];
}

/**
 * A message may be lost, late or come twice: so the node may hear of a revocation at any time after it was announced.
 * The acknowledgement is the step of the writer that it arrives in.
 */
export function hearingAction({ mutant }: Protocol, number: number): Action {
  const early = mutant === 'a revocation is announced before the commit';
  return {
    name: `the node hears of revocation ${number}`,
    step: (state) => {
      const { node } = state;
      const { transaction, acknowledged } = revocationOf(state, number);
      const announced = transaction === 'committed' || (early && transaction === 'open');
      // Once it is in effect, a message only helps.
      if (!announced || acknowledged || has(node.knows, number)) return undefined;
      return { ...state, node: { ...node, knows: including(node.knows, number) } };
    },
  };
}
