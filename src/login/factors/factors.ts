/**
 * Second factors: what a user proves beside the password, at login and in step-up. Owns the table of kinds, logins that wait for
 * a second factor, and the factors of a user. Does not own the first factor (`login/passwords/`), the start of a session
 * (`login/startSession.ts`) or how ending one takes effect.
 *
 * A new kind is one more row of the table: `createFactorKinds` in `mount.ts`.
 */
import type { FactorId, UserId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import type { OneTimeDetail, OneTimeToken } from '../../platform/oneTimeTokens.ts';
import type { RevokingStores } from '../../revocation/propagation/revokeAndPropagate.ts';

/** In the order of listing. */
export const factorNames = [
  'passkey',
  'totp',
  'recovery_code',
  'email_code',
  'sms_code',
  'provider',
] as const;
export type FactorName = (typeof factorNames)[number];

/** The member that holds a code which was sent. */
export const sentCodeMember = 'code';

/** The member of a request that holds a proof, and its value: exactly one. */
export interface FactorProof {
  readonly member: string;
  readonly value: unknown;
}

export interface FactorKind {
  readonly name: FactorName;
  /** The member of a request that holds its proof. Kinds that share one are told apart by what was started. */
  readonly member: string;
  /** Whether a user who has it must prove a second factor at login. Recovery codes only stand in for another factor. */
  readonly standsAlone: boolean;
  /** Only counts for a user who has no other factor that stands alone. */
  readonly isLastResort?: boolean;
  /** The `amr` of a session that this kind alone opened. In such a session it is no second factor. */
  readonly opensWith?: string;
  /** Whether this user can prove it now. */
  isUsable(stores: Stores, user: User, now: number): Promise<boolean>;
  /** Sends a code, or makes the options of a browser's call. Without it there is nothing to start. */
  readonly start?: (user: User, actor: Actor, now: number, underWay: UnderWay) => Promise<Started>;
  /** Checks a proof; uses nothing up. `underWay` is what `start` stored. */
  verify(
    user: User,
    proof: FactorProof,
    underWay: OneTimeToken | undefined,
    now: number,
    actor: Actor,
  ): Promise<Verdict>;
  /** Tells the owner that it was used, in the transaction that uses it up. */
  readonly onUse?: (stores: Stores, use: FactorUse) => Promise<void>;
  /** The user's factors of this kind, oldest first. */
  readonly list?: (stores: Stores, userId: UserId) => Promise<readonly ListedFactor[]>;
  /** False when the user has no such factor. Throws `last_way_in` for the last way to log in, unless `alsoLast`. */
  readonly remove?: (stores: Stores, userId: UserId, id: FactorId, alsoLast?: boolean) => Promise<boolean>;
  /** Deletes everything of the user. */
  readonly forget?: (stores: Stores, userId: UserId) => Promise<void>;
}

export interface FactorUse {
  readonly user: User;
  readonly actor: Actor;
  readonly now: number;
}

/** The login, or the step-up, that a factor is started for. */
export type UnderWay = Pick<OneTimeToken, 'hash' | 'expiresAt'>;

export interface Started {
  /** For the client, such as WebAuthn options. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** What `verify` needs. Never a secret. */
  readonly detail?: OneTimeDetail;
  readonly codeHash?: Uint8Array;
  /** Writes what belongs to it, such as the message that holds the code. */
  readonly commit?: (stores: Stores, now: number) => Promise<void>;
}

export interface Verified {
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** The session ends when this factor is removed. */
  readonly openedBy?: FactorId;
  /** Uses the proof up, in the transaction of what it allows, after what was started. */
  commit(stores: RevokingStores, now: number): Promise<CommittedProof>;
  /** Of an enrolment, after `commit`: the user's first recovery codes, to be shown once. */
  readonly recoveryCodes?: () => readonly string[];
  /** After `commit` answered `refused`: the reason. The caller's event of the refusal belongs into the same transaction. */
  readonly refusal?: () => string | undefined;
}

/**
 * False when the proof was used, or its factor removed, meanwhile: then nothing may be stored. `refused`: what was written of the
 * refusal is committed, and nothing else may be stored.
 */
export type CommittedProof = boolean | 'refused';

/** `refused`: a machine-readable word for the audit log; the caller learns none. */
export type Verdict = Verified | { readonly refused: string };

export interface ListedFactor {
  readonly id: FactorId;
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  /** Of a linked identity only: the name of its provider. */
  readonly provider?: string;
  /** Of a passkey only. */
  readonly passkey?: {
    readonly deviceType: string;
    readonly backedUp: boolean;
    readonly transports: readonly string[];
    readonly credentialId: Uint8Array;
    readonly rpId: string;
  };
}

export interface FactorKinds {
  readonly all: readonly FactorKind[];
  named(name: string): FactorKind | undefined;
  /** The kind that a proof belongs to; `started` is the name of the one under way. */
  ofProof(proof: FactorProof, started: string | undefined): FactorKind | undefined;
  /** What the user can prove, without what was proved already; empty without a factor that stands alone. */
  usable(stores: Stores, user: User, now: number, proved?: FactorName): Promise<readonly FactorName[]>;
  /** Whether the user has a second factor. */
  hasAny(stores: Stores, user: User, now: number): Promise<boolean>;
}

export function createFactorKinds(kinds: readonly FactorKind[]): FactorKinds {
  const all = factorNames.flatMap((name) => kinds.filter((kind) => kind.name === name));
  const usableOf = async (some: readonly FactorKind[], stores: Stores, user: User, now: number) => {
    const usable: FactorName[] = [];
    // In turn: a transaction has one connection.
    for (const kind of some) if (await kind.isUsable(stores, user, now)) usable.push(kind.name);
    return usable;
  };
  const others = all.filter(({ standsAlone }) => !standsAlone);
  const alone = async (stores: Stores, user: User, now: number, proved?: FactorName) => {
    const possible = all.filter(({ standsAlone, name }) => standsAlone && name !== proved);
    const strong = possible.filter(({ isLastResort }) => isLastResort !== true);
    const found = await usableOf(strong, stores, user, now);
    if (found.length > 0) return found;
    const lastResorts = possible.filter(({ isLastResort }) => isLastResort === true);
    return usableOf(lastResorts, stores, user, now);
  };
  return {
    all,
    named: (name) => all.find((kind) => kind.name === name),
    ofProof(proof, started) {
      const possible = all.filter(({ member }) => member === proof.member);
      return possible.length > 1 ? possible.find(({ name }) => name === started) : possible[0];
    },
    async usable(stores, user, now, proved) {
      const found = await alone(stores, user, now, proved);
      if (found.length === 0) return [];
      const usable = new Set([...found, ...(await usableOf(others, stores, user, now))]);
      return factorNames.filter((name) => usable.has(name));
    },
    hasAny: async (stores, user, now) => (await alone(stores, user, now)).length > 0,
  };
}
