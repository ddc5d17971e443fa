/** Patterns that make a long password as weak as a short one. All functions take lower-case characters. */

/** A longer repeated unit is as good as a passphrase typed twice. */
const longestShortUnit = 8;

/** Rows of common Latin keyboards (QWERTY, with QWERTZ's and AZERTY's additions). Digits are neighbours anyway. */
const rows = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'tzu', 'aze', 'qs'];
const neighbours = new Set(rows.flatMap((row) => [...row].slice(1).map((key, index) => row[index] + key)));

/** One short unit repeated, perhaps cut at the end: `aaaa…`, `hunter2hunter2h`. */
export function isRepetition(characters: readonly string[]): boolean {
  const longest = Math.min(longestShortUnit, Math.floor(characters.length / 2));
  for (let unit = 1; unit <= longest; unit += 1) {
    if (characters.every((character, index) => index < unit || character === characters[index - unit]))
      return true;
  }
  return false;
}

/**
 * Runs of equal or neighbouring characters, in the alphabet or on the keyboard, in either direction: `123456789012345`,
 * `qwertyuiopasdfgh`, `aaabbbcccdddeee`. Jumps between runs do not help: it is a sequence when fewer than one step in five is a
 * jump.
 */
export function isSequence(characters: readonly string[]): boolean {
  let jumps = 0;
  for (const [index, character] of characters.entries()) {
    const previous = characters[index - 1];
    if (previous !== undefined && !isNeighbour(previous, character)) jumps += 1;
  }
  return jumps * 5 < characters.length - 1;
}

function isNeighbour(one: string, other: string): boolean {
  const distance = (one.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
  return Math.abs(distance) <= 1 || neighbours.has(one + other) || neighbours.has(other + one);
}
