/** The edges of one run, which check tokens all the time, and what happens to them. */
import type { Verdict } from '@countersign/verifier/revocation/denyList';
import { createSimulatedEdge, type EdgeSabotage, type SimulatedEdge } from './edge.ts';
import type { StreamNode } from './stream.ts';
import type { World } from './world.ts';

export interface Watchers {
  /** Checks that an edge answered from memory. */
  answers(): number;
  moves(): number;
}

export function createWatchers<Session>(parts: {
  /** With dice of their own: a run without edges is what it was before there were any. */
  world: World;
  count: number;
  nodes: () => readonly StreamNode[];
  sliceMs: number;
  leaseMs: number;
  harshness: number;
  sabotage: EdgeSabotage;
  /** How often this is done: the time between, in the mean. */
  often: (meanMs: number, act: () => void) => void;
  pickSession: () =>
    | { session: Session; subjects: readonly Uint8Array[]; issuedAt: number | undefined }
    | undefined;
  onVerdict: (session: Session, startedAt: number, by: string, verdict: Verdict) => void;
  onViolation: (what: string) => void;
}): Watchers {
  const { world, count, leaseMs, harshness, often } = parts;
  const edges: SimulatedEdge[] = [];
  let answers = 0;
  let moves = 0;
  if (count === 0) return { answers: () => 0, moves: () => 0 };

  const start = () => createSimulatedEdge(parts);

  const check = () => {
    const index = Math.floor(world.between(0, edges.length));
    const edge = edges[index];
    const picked = parts.pickSession();
    if (edge === undefined || picked === undefined) return;
    if (!edge.machine.alive() || edge.machine.asleep()) return;
    const verdict = edge.check(picked.subjects, picked.issuedAt);
    if (verdict === undefined) return;
    answers += 1;
    parts.onVerdict(picked.session, world.now(), `edge ${index}`, verdict);
  };

  const die = (index: number) => {
    edges[index]?.machine.crash();
    moves += edges[index]?.moves() ?? 0;
    world.at(world.now() + world.between(50, 1_000), () => {
      edges[index] = start();
    });
  };

  const fault = () => {
    const index = Math.floor(world.between(0, edges.length));
    const edge = edges[index];
    if (edge === undefined || !edge.machine.alive()) return;
    const what = world.pick(['sleeps', 'dies', 'is disturbed', 'is disturbed', 'wall clock'] as const);
    if (what === 'sleeps') edge.machine.sleep(world.between(50, 2 * leaseMs));
    if (what === 'dies') die(index);
    if (what === 'is disturbed') edge.disturb();
    if (what === 'wall clock') edge.machine.stepWallClock(world.between(-60_000, 60_000));
  };

  while (edges.length < count) edges.push(start());
  often(20, check);
  if (harshness > 0) often(700 / harshness, fault);
  return {
    answers: () => answers,
    moves: () => edges.reduce((sum, edge) => sum + edge.moves(), moves),
  };
}
