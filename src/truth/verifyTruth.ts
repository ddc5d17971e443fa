/**
 * Compares the database with what was seen of it before trusting it: at the start, after a change of its history, and during a
 * doubt, because an operator may have decided on another node.
 */
import type { Clock } from '@countersign/verifier/clock';
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import type { CommitMark } from '@countersign/verifier/revocation/position';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import type { Database } from '../database.ts';
import { createOwnSighting } from './ownSighting.ts';
import type { CommittedCanary } from './proveTruth.ts';
import { doubtOf, type Sighting, type SightingStore } from './sighting.ts';
import type { Doubt, Truth } from './truth.ts';

export interface WatchedTruth {
  /** Casts or withdraws the doubt that the database is older than what was seen. Rejects when the database cannot be reached. */
  verify(): Promise<void>;
  /** Starts saving this run's sightings. A command that only reads saves nothing. */
  keep(): void;
  onCanary(canary: CommittedCanary): void;
  /** These are committed. `mark`: this node's transaction, if it was one. */
  saw(revocations: readonly Revocation[], mark?: CommitMark): void;
  /** The operator decided on this node: the database is trusted as it is now. */
  decide(): Promise<void>;
  /** Saves the last sighting. */
  close(): Promise<void>;
}

export interface VerifyTruthParts {
  readonly database: Pick<Database, 'sessions' | 'revocations' | 'truth'>;
  readonly deployment: string;
  readonly stores: readonly SightingStore[];
  readonly truth: Pick<Truth, 'cast' | 'clear'>;
  /** Called when a new canary session is needed. */
  readonly onDecided: () => void;
  readonly onFault: (error: unknown) => void;
  readonly clock: Clock;
}

const source = 'sighting';

export function createVerifyTruth(parts: VerifyTruthParts): WatchedTruth {
  const { database, deployment, stores, truth, clock } = parts;
  const nothing = (decisions: readonly string[]): Sighting => ({ deployment, decisions, savedAt: 0 });
  const own = createOwnSighting(parts);
  /** Sightings of earlier runs; undefined before they are read. */
  let kept: Kept | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** Compares with this run's sighting or, before the first, with those of earlier runs. */
  const findDoubt = async (earlier: Kept, decisions: readonly string[]): Promise<Doubt | undefined> => {
    const seen = own.current();
    if (seen !== undefined) return firstDoubt(parts, [seen], decisions);
    const { putBack } = earlier;
    const found = await firstDoubt(parts, earlier.sightings, decisions);
    if (found !== undefined || putBack === undefined) return found;
    return { kind: 'older', what: `the database ${putBack}` };
  };

  const verify = async () => {
    const decisions = await database.truth.decisions();
    kept ??= await readAll(stores);
    const doubt = await findDoubt(kept, decisions);
    if (doubt !== undefined) return truth.cast(source, doubt);
    const seen = own.current();
    // A decision on another node invalidates earlier sightings.
    const isDecided = seen !== undefined && decisions.at(-1) !== seen.decisions.at(-1);
    if (seen === undefined) own.replace(newest(kept.sightings, decisions) ?? nothing(decisions));
    else if (isDecided) own.replace(nothing(decisions));
    truth.clear(source);
    if (isDecided) parts.onDecided();
    own.note({});
  };

  const decide = async () => {
    await database.truth.decide(clock.now());
    own.replace(nothing(await database.truth.decisions()));
    own.keep();
    truth.clear(source);
    parts.onDecided();
    await own.save();
  };

  /** One at a time, so that data read before a decision is never judged after it. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };

  return {
    verify: () => inTurn(verify),
    decide: () => inTurn(decide),
    keep: own.keep,
    onCanary: ({ sessionId, generation, mark }) =>
      own.note({ canary: { sessionId, generation }, commit: mark }),
    saw(revocations, mark) {
      const last = revocations.at(-1);
      if (last === undefined) return;
      const revocation = { subject: encodeBase64url(last.subject), expiresAt: last.expiresAt };
      own.note({ revocation, ...(mark === undefined ? {} : { commit: mark }) });
    },
    close: own.save,
  };
}

/** The latest one: this run continues from it. */
function newest(sightings: readonly Sighting[], decisions: readonly string[]): Sighting | undefined {
  const same = sightings.filter((sighting) => sighting.decisions.at(-1) === decisions.at(-1));
  return same.sort((one, other) => other.savedAt - one.savedAt)[0];
}

interface Kept {
  readonly sightings: readonly Sighting[];
  readonly putBack: string | undefined;
}

async function readAll(stores: readonly SightingStore[]): Promise<Kept> {
  const sightings = await Promise.all(stores.map((store) => store.load()));
  const reasons = await Promise.all(stores.map((store) => store.putBack?.()));
  return { sightings: sightings.flat(), putBack: reasons.find((reason) => reason !== undefined) };
}

async function firstDoubt(
  { database, deployment, clock }: VerifyTruthParts,
  sightings: readonly Sighting[],
  decisions: readonly string[],
): Promise<Doubt | undefined> {
  const position = await database.truth.position();
  for (const sighting of sightings) {
    const { canary, revocation } = sighting;
    const session = canary && (await database.sessions.find(canary.sessionId));
    const subject = revocation && decodeBase64url(revocation.subject);
    const [found] = subject === undefined ? [] : await database.revocations.find([subject]);
    const evidence = {
      ...{ deployment, decisions, position },
      ...{ generation: session?.generation, revocationExpiresAt: found?.expiresAt },
    };
    const doubt = doubtOf(sighting, evidence, clock.now());
    if (doubt !== undefined) return doubt;
  }
  return undefined;
}
