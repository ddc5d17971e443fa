/**
 * A login that waits for the second factor. There is no session yet, only a one-time token that stands for the first proof. It
 * expires after ten minutes, opens one session, and becomes void when all sessions of the user end.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import { newOneTimeToken, type OneTimeToken, oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import type { LoginClient } from '../startSession.ts';
import { type FactorPolicy, requiresFactor } from './factorPolicy.ts';
import type { FactorKinds, FactorName } from './factors.ts';
import { factorLimits } from './limits.ts';

/** How the user was proved so far. */
export interface FirstProof {
  readonly user: User;
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly openedBy: readonly FactorId[];
  /** The kind of factor that was proved first, which is not asked for again. */
  readonly proved?: FactorName;
  /** Writes what belongs to it. */
  readonly commit?: (stores: Stores, now: number) => Promise<void>;
}

export interface PendingLogin {
  readonly token: OneTimeToken;
  readonly user: User;
  readonly amr: readonly string[];
  readonly openedBy: readonly FactorId[];
  readonly client: Omit<LoginClient, 'replaces'>;
  /** The kind that was started last. */
  readonly started: string | undefined;
  readonly proved: FactorName | undefined;
  /** The user has no second factor and must add one first. */
  readonly enrols: boolean;
}

export interface PendingLoginParts extends FactorPolicy {
  readonly database: Database;
  readonly clock: Clock;
  readonly kinds: FactorKinds;
}

/** The one-time tokens of these logins. */
export const loginPurpose = 'login';

/**
 * The error to throw instead of starting a session; undefined when the first proof is enough. Nothing tells the caller more than
 * that the first proof was right.
 */
export type AskForFactor = (
  first: FirstProof,
  client: LoginClient,
  actor: Actor,
) => Promise<AuthorityError | undefined>;

export function createAskForFactor(parts: PendingLoginParts): AskForFactor {
  const { database, clock, kinds } = parts;
  return async ({ user, amr, openedBy, proved, commit }, client, actor) => {
    const now = clock.now();
    const factors = await kinds.usable(database, user, now, proved);
    const enrols = factors.length === 0;
    if (enrols && !(await requiresFactor(parts, database, user.id, now))) return undefined;
    const { token, hash } = newOneTimeToken();
    const detail = {
      ...{ token_version: user.tokenVersion, amr, opened_by: openedBy, enrols },
      ...{ audience: client.audience, device_name: client.deviceName ?? null },
      ...{ device_id: client.deviceId ?? null, proved: proved ?? null },
    };
    const expiresAt = now + factorLimits.loginTokenMilliseconds;
    const about = { purpose: loginPurpose, userId: user.id, codeHash: undefined, tries: 0, detail };
    await database.transaction(async (stores) => {
      await commit?.(stores, now);
      await stores.oneTimeTokens.create({ hash, ...about, createdAt: now, expiresAt });
      const event = { type: 'second_factor_required', actor, userId: user.id } as const;
      await stores.audit.record({ ...event, reason: enrols ? 'no_factor' : 'has_factor' }, now);
    });
    const expiresIn = factorLimits.loginTokenMilliseconds / 1000;
    const members = { login_token: token, factors, expires_in: expiresIn };
    const enrolment = { enrolment: ['totp'] };
    return new AuthorityError('second_factor_required', {
      members: enrols ? { ...members, ...enrolment } : members,
    });
  };
}

/** Undefined for a token that is malformed, used, expired or of another purpose, and for a user who changed since. */
export async function findPendingLogin(
  { database, clock }: Pick<PendingLoginParts, 'database' | 'clock'>,
  loginToken: string,
): Promise<PendingLogin | undefined> {
  const hash = oneTimeTokenHash(loginToken);
  if (hash === undefined) return undefined;
  const token = await database.oneTimeTokens.find(hash, loginPurpose, clock.now());
  if (token?.userId === undefined) return undefined;
  const user = await database.users.find(token.userId);
  const detail = token.detail as unknown as Detail;
  const isUnchanged = user?.tokenVersion === detail.token_version && user.disabledAt === undefined;
  if (user === undefined || !isUnchanged) return undefined;
  return {
    ...{ token, user, amr: detail.amr, openedBy: detail.opened_by, enrols: detail.enrols },
    ...{ started: detail.started, proved: detail.proved ?? undefined },
    client: {
      audience: detail.audience,
      deviceName: detail.device_name ?? undefined,
      deviceId: detail.device_id ?? undefined,
    },
  };
}

/** Counts a try. False when there were too many with this token. */
export async function countTry(
  { oneTimeTokens }: Pick<Stores, 'oneTimeTokens'>,
  { token }: PendingLogin,
  now: number,
): Promise<boolean> {
  const counted = await oneTimeTokens.tryCode(token.hash, loginPurpose, factorLimits.loginTokenTries, now);
  return counted !== undefined;
}

/** Uses the token up and returns it: of several callers, one gets it. */
export function takePendingLogin(
  { oneTimeTokens }: Pick<Stores, 'oneTimeTokens'>,
  { token }: PendingLogin,
  now: number,
): Promise<OneTimeToken | undefined> {
  return oneTimeTokens.take(token.hash, loginPurpose, now);
}

interface Detail {
  readonly token_version: number;
  readonly amr: readonly string[];
  readonly opened_by: readonly FactorId[];
  readonly enrols: boolean;
  readonly audience: string;
  readonly device_name: string | null;
  readonly device_id: string | null;
  readonly proved: FactorName | null;
  readonly started?: string;
}
