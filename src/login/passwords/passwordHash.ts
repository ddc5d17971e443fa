/**
 * Password hashing: argon2id (RFC 9106) as PHC strings, with limited concurrency and a limited, fair queue. Also verifies the
 * hashes of other systems (`importedHash.ts`). Does not own the policy or the normal form: it hashes exactly the given text.
 */
import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { ipNetwork } from '../../platform/ipAddress.ts';
import { platformLimits } from '../../platform/limits.ts';
import { createFairQueue, type Turn } from '../../platform/queues/fairQueue.ts';
import { loginLimits } from '../limits.ts';
import { readHash } from './importedHash.ts';
import { verifyHash } from './verifyHash.ts';

/** The library's `Algorithm` and `Version` are const enums, without a value at run time. */
const argon2id = 2;
const version13 = 1;
const saltBytes = 16;
const outputBytes = 32;

export interface PasswordHashing {
  readonly memoryKibibytes: number;
  readonly passes: number;
  readonly lanes: number;
  /** Concurrent hashes; each keeps a core and its memory busy. */
  readonly atOnce: number;
  /** Queued hashes, for known places and for strangers each. */
  readonly waiting: number;
}

/**
 * The queue's turn belongs to the asking network. `known`: the right password came from there before, or the caller has a
 * session. Known places do not wait behind strangers, who can be any number.
 */
export function hashTurn(ip: string | undefined, known: boolean): Turn {
  return { place: ip === undefined ? '' : ipNetwork(ip, platformLimits.knownNetwork), first: known };
}

/** `hash`, `verify` and `verifyDummy` throw `overloaded`, with retry after 1 s, when the queue is full. */
export interface PasswordHasher {
  /** Returns a PHC string with a fresh salt. */
  hash(password: string, turn: Turn): Promise<string>;
  /**
   * Whether the password matches. Rejects for a malformed hash: a damaged row must not look like a user who mistypes.
   */
  verify(hash: string, password: string, turn: Turn): Promise<boolean>;
  /** Takes as long as `verify` and returns false: response times must not reveal unknown users. */
  verifyDummy(password: string, turn: Turn): Promise<false>;
  /** Whether the hash is another system's, or has other parameters than today's. Throws for a malformed one. */
  needsRehash(hash: string): boolean;
  /** Queued hashes. */
  waiting(): number;
}

export const usualHashing: PasswordHashing = {
  memoryKibibytes: loginLimits.argon2MemoryKibibytes,
  passes: loginLimits.argon2Passes,
  lanes: loginLimits.argon2Lanes,
  atOnce: loginLimits.passwordHashesAtOnce,
  waiting: loginLimits.passwordHashesWaiting,
};

/** Parameters come from `limits`; tests pass others. */
export function createPasswordHasher(hashing = usualHashing): PasswordHasher {
  const { atOnce, waiting } = hashing;
  const turns = createFairQueue({ atOnce, waiting, reason: 'password_queue_full' });
  const dummy = hashOfNothing(hashing);

  return {
    hash: (password, turn) => turns.run(turn, () => hash(password, argon2Options(hashing))),
    verify: (stored, password, turn) => turns.run(turn, () => verifyHash(stored, password)),
    async verifyDummy(password, turn) {
      await turns.run(turn, () => verify(dummy, password));
      return false;
    },
    needsRehash: (stored) =>
      readHash(stored).kind !== 'argon2' || differs(parseOptions(stored), argon2Options(hashing)),
    waiting: turns.waiting,
  };
}

function argon2Options(hashing: PasswordHashing) {
  return {
    algorithm: argon2id,
    version: version13,
    memoryCost: hashing.memoryKibibytes,
    timeCost: hashing.passes,
    parallelism: hashing.lanes,
    outputLen: outputBytes,
  } as const;
}

function differs(one: ReturnType<typeof parseOptions>, other: ReturnType<typeof argon2Options>): boolean {
  return (Object.keys(other) as (keyof typeof other)[]).some((name) => one[name] !== other[name]);
}

/** A well-formed hash with a random digest: nothing matches it, and creating it costs no hashing. */
function hashOfNothing(hashing: PasswordHashing): string {
  const base64 = (byteCount: number) => randomBytes(byteCount).toString('base64').replaceAll('=', '');
  const parameters = `m=${hashing.memoryKibibytes},t=${hashing.passes},p=${hashing.lanes}`;
  return `$argon2id$v=19$${parameters}$${base64(saltBytes)}$${base64(outputBytes)}`;
}
