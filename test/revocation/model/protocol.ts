/**
 * The protocol of leases and acknowledgements as a list of atomic steps, each with its guard and its effect. Between any
 * two of them anything else may happen, so a pause is only that a step comes late; a message that is lost is one
 * that stays on its way for ever.
 *
 * The node that writes does not check here: what it committed itself it knows, and for what others commit it is in the
 * place of the other node.
 */
import type { Action, Protocol } from './mutants.ts';
import { hearingAction, renewalActions } from './node.ts';
import {
  freshNode,
  has,
  lease,
  longAgo,
  margin,
  type Node,
  type Revocation,
  type Sighting,
  type State,
} from './state.ts';
import { watchActions, writerActions } from './writer.ts';

export function actionsOf(protocol: Protocol): readonly Action[] {
  const numbers = Array.from({ length: protocol.revocations }, (_, number) => number);
  return [
    ...timeActions(protocol),
    ...renewalActions(protocol),
    ...numbers.map((number) => hearingAction(protocol, number)),
    ...numbers.flatMap((number) => writerActions(protocol, number)),
    ...watchActions(protocol),
  ];
}

export type Invariant = 'I1' | 'I3' | 'I4';

/** What must hold in every state. A check is one step, so it is in the state: what the node would answer there. */
export const invariants: Readonly<Record<Invariant, (state: State) => boolean>> = {
  /** After the acknowledgement nobody says "not revoked". Without a lease the database is asked, which is right. */
  I1: ({ node, revocations }) =>
    node.leaseSince >= lease ||
    revocations.every(({ acknowledged }, number) => !acknowledged || has(node.knows, number)),
  /** The writer waits for nobody longer than a lease and the margin. */
  I3: ({ revocations }) =>
    revocations.every(
      ({ acknowledged, waits, waited }) =>
        acknowledged || waited < lease + margin || waits.every((ticks) => ticks === 0),
    ),
  /** "Revoked" is said of nothing that is not. */
  I4: ({ node, revocations }) =>
    revocations.every(({ transaction }, number) => transaction === 'committed' || !has(node.knows, number)),
};

function timeActions({ faults, mutant }: Protocol): Action[] {
  const older = (ticks: number, most = longAgo) => Math.min(ticks + 1, most);
  const seenLonger = (sighting: Sighting | undefined) =>
    sighting && { ...sighting, since: older(sighting.since) };
  const nodeLater = (node: Node): Node => ({
    ...node,
    renewal: node.renewal && { ...node.renewal, since: older(node.renewal.since, lease) },
    leaseSince: older(node.leaseSince, lease),
  });
  const waiting = (revocation: Revocation): Revocation => {
    const [first, second] = revocation.waits;
    if (first + second === 0) return revocation;
    const waits = [Math.max(first - 1, 0), Math.max(second - 1, 0)] as const;
    return { ...revocation, waits, waited: older(revocation.waited) };
  };
  const others = (state: State): State => ({
    ...state,
    sightings: [seenLonger(state.sightings[0]), seenLonger(state.sightings[1])],
    lookDated: state.lookDated === undefined ? undefined : older(state.lookDated),
    revocations: state.revocations.map(waiting),
  });
  return [
    { name: 'a tick', step: (state) => others({ ...state, node: nodeLater(state.node) }) },
    {
      name: 'a tick that the clock of the node misses',
      step: (state) =>
        state.slipped || !faults.includes('a missed tick') ? undefined : others({ ...state, slipped: true }),
    },
    {
      name: 'the node crashes and another one starts',
      step: (state) => {
        if (state.node.run === 1 || !faults.includes('a crash')) return undefined;
        const same = mutant === 'a restarted node is the same node and counts anew';
        return { ...state, node: freshNode(same ? 0 : 1) };
      },
    },
  ];
}
