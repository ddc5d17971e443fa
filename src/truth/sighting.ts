/**
 * What a node has seen of the truth, kept outside of it: a database that has less is older than that. A backup was put
 * back, rows were deleted by hand, or it is another database. Pure: it is told what the database says.
 */
import type { SessionId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { CommitMark, Position } from '@countersign/verifier/revocation/position';
import { truthLimits } from './limits.ts';
import type { Doubt } from './truth.ts';

/** Times are milliseconds since the Unix epoch. */
export interface Sighting {
  /** The id that was made with the database. */
  readonly deployment: string;
  /** What operators decided about databases that were put back, in order; see `TruthStore.decisions`. */
  readonly decisions: readonly string[];
  /** The node's own session that it writes to again and again: which of its generations was committed. */
  readonly canary?: { readonly sessionId: SessionId; readonly generation: number };
  /** A transaction that was committed. */
  readonly commit?: CommitMark;
  /** A revocation that was committed; its subject in base64url. */
  readonly revocation?: { readonly subject: string; readonly expiresAt: number };
  readonly savedAt: number;
}

/** What the database says now. */
export interface Evidence {
  readonly deployment: string;
  readonly decisions: readonly string[];
  readonly position: Position;
  /** Of the sighting's canary; undefined when its session is not there. */
  readonly generation: number | undefined;
  /** When the sighting's revocation expires; undefined when it is not there. */
  readonly revocationExpiresAt: number | undefined;
}

/** The doubt that the database has less than the sighting; undefined when it has all of it. */
export function doubtOf(sighting: Sighting, evidence: Evidence, now: number): Doubt | undefined {
  const { deployment, decisions } = evidence;
  if (deployment !== sighting.deployment)
    return { kind: 'other', what: `the database is another one: ${deployment}, not ${sighting.deployment}` };
  const decided = decisions.at(-1);
  // A decision that the sighting does not know was made after it, about the database as it is now.
  if (decided !== undefined && !sighting.decisions.includes(decided)) return undefined;
  const why =
    decided === sighting.decisions.at(-1)
      ? lacks(sighting, evidence, now)
      : 'does not know of the last `countersign restored`';
  return why === undefined ? undefined : { kind: 'older', what: `the database ${why}` };
}

function lacks(sighting: Sighting, evidence: Evidence, now: number): string | undefined {
  const { canary, commit, revocation, savedAt } = sighting;
  const { position, generation = -1, revocationExpiresAt = 0 } = evidence;
  // The rows of nodes that are long gone are deleted.
  const kept = now - savedAt < truthLimits.canaryKeptMilliseconds / 2;
  if (canary !== undefined && kept && generation < canary.generation)
    return `lacks what was written to it until ${new Date(savedAt).toISOString()}`;
  if (commit !== undefined && sameIds(commit.history, position.history) && !reaches(position, commit))
    return `has not come to transaction ${commit.transaction}, which was committed`;
  // Expired rows are deleted, by the clock of whichever node comes first.
  const surelyKept = Math.max(now, savedAt) + verifierLimits.clockSkewSeconds * 1000;
  if (
    revocation !== undefined &&
    revocation.expiresAt > surelyKept &&
    revocationExpiresAt < revocation.expiresAt
  )
    return 'lacks a revocation that was committed';
  return undefined;
}

/** Whether ids of transactions of two histories compare: of one cluster and one database in it; see storage/postgres/history.ts. */
function sameIds(one: string, other: string): boolean {
  const [cluster, , database] = one.split('.');
  const [otherCluster, , otherDatabase] = other.split('.');
  return cluster === otherCluster && database === otherDatabase;
}

function reaches({ snapshot }: Position, { transaction }: CommitMark): boolean {
  return BigInt(snapshot.split(':')[1] ?? '0') > BigInt(transaction);
}

/** Where sightings are kept, outside of the database. */
export interface SightingStore {
  /** Those that were kept; none where there is none, or none that could be read. */
  load(): Promise<readonly Sighting[]>;
  /** Why this place itself was put back, completing "the database …"; undefined when it was not, or that cannot be told. */
  putBack?(): Promise<string | undefined>;
  /** Resolves when it is kept, in place of what this run kept before. */
  save(sighting: Sighting): Promise<void>;
}

/** What the database says about itself. */
export interface TruthStore {
  /** What operators decided, in order: the ids of the table `restorations`. */
  decisions(): Promise<readonly string[]>;
  /** A new decision: the database is the truth, as it is now. Answers its id. */
  decide(now: number): Promise<string>;
  position(): Promise<Position>;
}
