import { dictionary } from '@zxcvbn-ts/language-common';

export interface CommonPasswords {
  /** Whether it is, ignoring case, a very common password, or two of them put together (`password12345678`). */
  includes(password: string): boolean;
}

/**
 * The 49,000 most common passwords of public leaks. Few of them reach our minimum length, but people reach it by
 * joining two: hence the second rule. The set is built at the first question and costs about 4 MB.
 */
export function createCommonPasswords(): CommonPasswords {
  let folded: ReadonlySet<string> | undefined;

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
