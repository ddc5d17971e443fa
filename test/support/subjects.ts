import { createHash } from 'node:crypto';

let made = 0;

/**
 * Subjects that nobody else in this process has, and the same in each run: one in ten thousand that are added to a filter seems to be in it
 * already, and is not counted.
 */
export function newSubjects(count: number, bytes = 16): Buffer[] {
  return Array.from({ length: count }, () => {
    made += 1;
    return createHash('shake256', { outputLength: bytes }).update(String(made)).digest();
  });
}
