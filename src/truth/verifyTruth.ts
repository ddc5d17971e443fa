/**
 * Compares the database with what was seen of it, before anything of it is believed: at the start, when its history has
 * changed, and while there is a doubt, since an operator may have decided on another node.
 */
import type { Clock } from '@countersign/verifier/clock';
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import type { CommitMark } from '@countersign/verifier/revocation/position';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import type { Database } from '../database.ts';
import { truthLimits } from './limits.ts';
import type { CommittedCanary } from './proveTruth.ts';
import { doubtOf, type Sighting, type SightingStore } from './sighting.ts';
import type { Doubt, Truth } from './truth.ts';

export interface WatchedTruth {
  /** Casts the doubt that the database is older than what was seen, or takes it back. Rejects when it could not be asked. */
  verify(): Promise<void>;
  /** From now on what this run sees is kept. A command that only asks something keeps nothing. */
  keep(): void;
  onCanary(canary: CommittedCanary): void;
  /** These are committed; `mark` says where, if this node has done it. */
  saw(revocations: readonly Revocation[], mark?: CommitMark): void;
  /** The operator has decided, here: the database is the truth as it is now. */
  decide(): Promise<void>;
  /** Keeps what was seen last. */
  close(): Promise<void>;
}

export interface VerifyTruthParts {
  readonly database: Pick<Database, 'sessions' | 'revocations' | 'truth'>;
  readonly deployment: string;
  readonly stores: readonly SightingStore[];
  readonly truth: Pick<Truth, 'cast' | 'clear'>;
  /** Another session serves as canary from now on. */
  readonly onDecided: () => void;
  readonly onFault: (error: unknown) => void;
  readonly clock: Clock;
}

const source = 'sighting';

export function createVerifyTruth(parts: VerifyTruthParts): WatchedTruth {
  const { database, deployment, stores, truth, clock, onFault } = parts;
  const nothing = (decisions: readonly string[]): Sighting => ({ deployment, decisions, savedAt: 0 });
  /** What earlier runs have kept, until the database was found to have it; undefined before it was read. */
  let kept: Kept | undefined;
  /** What this run has seen; undefined before the database was believed. */
  let own: Sighting | undefined;
  let keeping = false;
  let saving: Promise<void> = Promise.resolve();
  let last: Promise<unknown> = Promise.resolve();
  let cancelSave: (() => void) | undefined;

  const save = () => {
    cancelSave?.();
    cancelSave = undefined;
    // What earlier runs have kept stays, until the database was found to have it.
    if (own === undefined || !keeping) return saving;
    const now = { ...own, savedAt: clock.now() };
    saving = saving.then(async () => {
      await Promise.all(stores.map((store) => store.save(now).catch(onFault)));
    });
    return saving;
  };
  const note = (more: Partial<Sighting>) => {
    if (own === undefined) return;
    own = { ...own, ...more };
    cancelSave ??= clock.after(truthLimits.sightingMilliseconds, () => void save());
  };

  /** Why it is older than what was seen: by earlier runs at first, and then by this one. */
  const findDoubt = async (earlier: Kept, decisions: readonly string[]): Promise<Doubt | undefined> => {
    if (own !== undefined) return firstDoubt(parts, [own], decisions);
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
    // Decided on another node: what was seen before says nothing any more.
    const isDecided = own !== undefined && decisions.at(-1) !== own.decisions.at(-1);
    if (own === undefined) own = newest(kept.sightings, decisions) ?? nothing(decisions);
    else if (isDecided) own = nothing(decisions);
    truth.clear(source);
    if (isDecided) parts.onDecided();
    note({});
  };

  const decide = async () => {
    await database.truth.decide(clock.now());
    own = nothing(await database.truth.decisions());
    keeping = true;
    truth.clear(source);
    parts.onDecided();
    await save();
  };

  /** One at a time: what was read before a decision must not be judged after it. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };

  return {
    verify: () => inTurn(verify),
    decide: () => inTurn(decide),

    keep() {
      keeping = true;
      note({});
    },

    onCanary: ({ sessionId, generation, mark }) => note({ canary: { sessionId, generation }, commit: mark }),

    saw(revocations, mark) {
      const last = revocations.at(-1);
      if (last === undefined) return;
      const revocation = { subject: encodeBase64url(last.subject), expiresAt: last.expiresAt };
      note({ revocation, ...(mark === undefined ? {} : { commit: mark }) });
    },

    close: save,
  };
}

/** What an earlier run has seen must be there until this one has seen more. */
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
