import { dictionary } from '@zxcvbn-ts/language-common';

export interface CommonPasswords {
  /** Whether it is a very common password, or two joined (`password12345678`), ignoring case. */
  includes(password: string): boolean;
}

let folded: ReadonlySet<string> | undefined;

/**
 * The 49,000 most common passwords of public leaks. Few reach our minimum length, but people join two: hence the second rule. The
 * set is built on first use, once for a process, and takes about 4 MB.
 */
export function createCommonPasswords(): CommonPasswords {
  return {
    includes(password) {
      folded ??= new Set(dictionary['passwords-common'].map((common) => common.toLowerCase()));
      const text = password.toLowerCase();
      if (folded.has(text)) return true;
      for (let split = 1; split < text.length; split += 1) {
        if (folded.has(text.slice(0, split)) && folded.has(text.slice(split))) return true;
      }
      return false;
    },
  };
}
