/**
 * Passwords from public breaches, looked up in files that the operator mounts: SHA-1 hashes in the format of Have I Been Pwned,
 * either a folder of ranges (`0018A.txt` with lines `SUFFIX:COUNT`) or one file of all hashes in order (`HASH:COUNT`). Nothing is
 * sent anywhere, and a look-up reads a few kilobytes.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AuthorityError, StartupError } from '@countersign/verifier/errors';

export interface BreachedPasswords {
  /** Rejects with `unavailable` when the files cannot be read. */
  includes(password: string): Promise<boolean>;
}

/** Without BREACHED_PASSWORDS. */
export const noBreachedPasswords: BreachedPasswords = { includes: async () => false };

const prefixLength = 5;
/** A search ends with reading this much. */
const blockBytes = 4_096;
/** Longer than any line: a hash of 40 characters, a count, a line end. */
const lineBytes = 64;
const hashLine = /^[0-9A-F]{40}:\d+$/;
const suffixLine = /^[0-9A-F]{35}:\d+$/;

/** Throws `StartupError` when there are no such files at the path. */
export async function openBreachedPasswords(path: string): Promise<BreachedPasswords> {
  const isFolder = (await stat(path)).isDirectory();
  if (isFolder) await checkFolder(path);
  else await checkFile(path);
  return {
    async includes(password) {
      const hash = createHash('sha1').update(password).digest('hex').toUpperCase();
      try {
        return isFolder ? await isInFolder(path, hash) : await isInFile(path, hash);
      } catch (cause) {
        throw new AuthorityError('unavailable', { reason: 'breached_passwords', cause });
      }
    },
  };
}

async function isInFolder(folder: string, hash: string): Promise<boolean> {
  const range = await readFile(join(folder, `${hash.slice(0, prefixLength)}.txt`), 'latin1');
  const suffix = `${hash.slice(prefixLength)}:`;
  return range.split('\n').some((line) => line.toUpperCase().startsWith(suffix));
}

async function isInFile(path: string, hash: string): Promise<boolean> {
  const file = await open(path);
  try {
    let [low, high] = [0, (await file.stat()).size];
    while (high - low > blockBytes) {
      const middle = Math.floor((low + high) / 2);
      const line = await lineAfter(file, middle);
      if (line === undefined || line.slice(0, hash.length) > hash) high = middle;
      else low = middle;
    }
    // The line at `high` may have begun before it.
    const block = await read(file, low, high - low + 2 * lineBytes);
    return block.split('\n').some((line) => line.startsWith(`${hash}:`));
  } finally {
    await file.close();
  }
}

/** The first whole line that begins after the position. */
async function lineAfter(file: FileHandle, position: number): Promise<string | undefined> {
  const text = await read(file, position, 2 * lineBytes);
  const start = text.indexOf('\n') + 1;
  return start === 0 || start === text.length ? undefined : text.slice(start);
}

async function read(file: FileHandle, position: number, bytes: number): Promise<string> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, position);
  return buffer.toString('latin1', 0, bytesRead).toUpperCase();
}

async function checkFolder(folder: string): Promise<void> {
  const [name] = (await readdir(folder)).filter((each) => /^[0-9A-F]{5}\.txt$/.test(each));
  const ranges = name === undefined ? '' : await readFile(join(folder, name), 'latin1');
  if (!suffixLine.test(firstLine(ranges)))
    throw new StartupError(
      `BREACHED_PASSWORDS: ${folder} has no ranges such as 0018A.txt with lines SUFFIX:COUNT.`,
    );
}

async function checkFile(path: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const first = firstLine(await read(file, 0, lineBytes));
    const last =
      (await read(file, Math.max(0, size - 2 * lineBytes), 2 * lineBytes)).trimEnd().split('\n').at(-1) ?? '';
    if (!hashLine.test(first) || !hashLine.test(last.trimEnd()) || first > last)
      throw new StartupError(
        `BREACHED_PASSWORDS: ${path} has no lines HASH:COUNT, in the order of the hashes.`,
      );
  } finally {
    await file.close();
  }
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').trimEnd().toUpperCase();
}
