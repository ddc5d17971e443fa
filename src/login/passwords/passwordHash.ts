/**
 * Password hashing: argon2id (RFC 9106) as PHC strings, a bounded number at once and a bounded queue, in which places take turns.
 * Does not own which passwords are allowed, nor their normal form: it hashes exactly the text that it is given.
 */
import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { ipNetwork } from '../../platform/ipAddress.ts';
import { platformLimits } from '../../platform/limits.ts';
import { createFairQueue, type Turn } from '../../platform/queues/fairQueue.ts';
import { loginLimits } from '../limits.ts';

/** The library's `Algorithm` and `Version` are const enums: types without a value at run time. */
const argon2id = 2;
const version13 = 1;
const saltBytes = 16;
const outputBytes = 32;

export interface PasswordHashing {
  readonly memoryKibibytes: number;
  readonly passes: number;
  readonly lanes: number;
  /** Hashes at once; each keeps a core and its memory busy. */
  readonly atOnce: number;
  /** Hashes that may wait for their turn: so many of known places, and as many of strangers. */
  readonly waiting: number;
}

/**
 * Whose turn a hash is: that of the network that asks. `known`: the password was right there before, or a session is alive. Those
 * do not wait for strangers, who can be any number.
 */
export function hashTurn(ip: string | undefined, known: boolean): Turn {
  return { place: ip === undefined ? '' : ipNetwork(ip, platformLimits.knownNetwork), first: known };
}

/** `hash`, `verify` and `verifyDummy` throw `overloaded`, with retry after 1 s, when the queue is full. */
export interface PasswordHasher {
  /** A PHC string with a fresh salt. */
  hash(password: string, turn: Turn): Promise<string>;
  /**
   * Whether the password has this hash. Rejects when the hash is not an argon2 PHC string: a damaged row must be seen
   * as one, not as a user who keeps mistyping.
   */
  verify(hash: string, password: string, turn: Turn): Promise<boolean>;
  /** Spends what `verify` spends and answers false: for an unknown user, who must not be told apart by time. */
  verifyDummy(password: string, turn: Turn): Promise<false>;
  /** Whether it was made with other parameters than today's. Throws for what is not an argon2 PHC string. */
  needsRehash(hash: string): boolean;
  /** Hashes that wait for their turn now. */
  waiting(): number;
}

const fromLimits: PasswordHashing = {
  memoryKibibytes: loginLimits.argon2MemoryKibibytes,
  passes: loginLimits.argon2Passes,
  lanes: loginLimits.argon2Lanes,
  atOnce: loginLimits.passwordHashesAtOnce,
  waiting: loginLimits.passwordHashesWaiting,
};

/** The parameters are those of `limits`; tests name others. */
export function createPasswordHasher(hashing: PasswordHashing = fromLimits): PasswordHasher {
  const { atOnce, waiting } = hashing;
  const turns = createFairQueue({ atOnce, waiting, reason: 'password_queue_full' });
  const dummy = hashOfNothing(hashing);

  return {
    hash: (password, turn) => turns.run(turn, () => hash(password, argon2Options(hashing))),
    verify: (stored, password, turn) => turns.run(turn, () => verify(stored, password)),
    async verifyDummy(password, turn) {
      await turns.run(turn, () => verify(dummy, password));
      return false;
    },
    needsRehash: (stored) => differs(parseOptions(stored), argon2Options(hashing)),
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

/** A well-formed hash whose digest is random: nothing hashes to it, and making it costs no hash. */
function hashOfNothing(hashing: PasswordHashing): string {
  const base64 = (byteCount: number) => randomBytes(byteCount).toString('base64').replaceAll('=', '');
  const parameters = `m=${hashing.memoryKibibytes},t=${hashing.passes},p=${hashing.lanes}`;
  return `$argon2id$v=19$${parameters}$${base64(saltBytes)}$${base64(outputBytes)}`;
}
