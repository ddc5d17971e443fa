/**
 * A sighting: what a node has seen of the database, stored outside of it. A database that lacks some of it is older (a restored
 * backup, rows deleted by hand) or another one. Pure: it is given the database's answers.
 */
import type { SessionId } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import type { CommitMark, Position } from '@countersign/verifier/revocation/position';
import { truthLimits } from './limits.ts';
import type { Doubt } from './truth.ts';

/** Times are milliseconds since the Unix epoch. */
export interface Sighting {
  /** The id created with the database. */
  readonly deployment: string;
  /** Operators' decisions about restored databases, in order; see `TruthStore.decisions`. */
  readonly decisions: readonly string[];
  /** The node's canary session, and its last committed generation. */
  readonly canary?: { readonly sessionId: SessionId; readonly generation: number };
  /** A committed transaction. */
  readonly commit?: CommitMark;
  /** A committed revocation; its subject in base64url. */
  readonly revocation?: { readonly subject: string; readonly expiresAt: number };
  readonly savedAt: number;
}

/** The database's current answers. */
export interface Evidence {
  readonly deployment: string;
  readonly decisions: readonly string[];
  readonly position: Position;
  /** The generation of the sighting's canary; undefined without its session. */
  readonly generation: number | undefined;
  /** The expiry of the sighting's revocation; undefined when it is missing. */
  readonly revocationExpiresAt: number | undefined;
}

/** Returns a doubt when the database lacks part of the sighting; undefined when it has all of it. */
export function doubtOf(sighting: Sighting, evidence: Evidence, now: number): Doubt | undefined {
  const { deployment, decisions } = evidence;
  if (deployment !== sighting.deployment)
    return { kind: 'other', what: `the database is another one: ${deployment}, not ${sighting.deployment}` };
  const decided = decisions.at(-1);
  // A decision the sighting does not know was made later, about the database as it is now.
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
  // Canary rows of nodes long gone are deleted.
  const kept = now - savedAt < truthLimits.canaryKeptMilliseconds / 2;
  if (canary !== undefined && kept && generation < canary.generation)
    return `lacks what was written to it until ${new Date(savedAt).toISOString()}`;
  if (commit !== undefined && sameIds(commit.history, position.history) && !reaches(position, commit))
    return `has not reached transaction ${commit.transaction}, which was committed`;
  // Expired rows are deleted, by the clock of any node.
  const surelyKept = Math.max(now, savedAt) + verifierLimits.clockSkewSeconds * 1000;
  if (
    revocation !== undefined &&
    revocation.expiresAt > surelyKept &&
    revocationExpiresAt < revocation.expiresAt
  )
    return 'lacks a revocation that was committed';
  return undefined;
}

/**
 * Whether transaction ids of two histories compare: they belong to one database of one cluster; see storage/postgres/history.ts.
 */
function sameIds(one: string, other: string): boolean {
  const [cluster, , database] = one.split('.');
  const [otherCluster, , otherDatabase] = other.split('.');
  return cluster === otherCluster && database === otherDatabase;
}

function reaches({ snapshot }: Position, { transaction }: CommitMark): boolean {
  return BigInt(snapshot.split(':')[1] ?? '0') > BigInt(transaction);
}

/** Stores sightings outside the database. */
export interface SightingStore {
  /** The saved sightings; none when the place is empty or unreadable. */
  load(): Promise<readonly Sighting[]>;
  /** Why this place itself was restored, completing "the database …"; undefined when it was not, or nobody can tell. */
  putBack?(): Promise<string | undefined>;
  /** Resolves when saved, replacing this run's earlier sighting. */
  save(sighting: Sighting): Promise<void>;
}

/** The database's answers about itself. */
export interface TruthStore {
  /** Operators' decisions, in order: ids of the table `restorations`. */
  decisions(): Promise<readonly string[]>;
  /** Records a decision: the database is trusted as it is now. Returns its id. */
  decide(now: number): Promise<string>;
  position(): Promise<Position>;
}
