/** Logins from many places: through a proxy that is believed, so that a test may come from anywhere. */
import { password, type TestAuthority } from './authority.ts';
import type { Answer } from './clients.ts';

/** The tests themselves come from there. */
export const behindProxy = { TRUSTED_PROXIES: '127.0.0.0/8' };

export type From = (address: string) => Readonly<Record<string, string>>;
export const from: From = (address) => ({ 'x-forwarded-for': address });

export const wrong = 'wrong horse battery staple';

export interface Tries {
  /** With the right password. */
  right(address: string, email?: string): Promise<Answer>;
  wrong(address: string, email?: string): Promise<Answer>;
}

export function triesAt({ call }: Pick<TestAuthority, 'call'>, usual = 'alice@example.com'): Tries {
  const login = (address: string, email: string, said: string) =>
    call('POST', '/auth/login', { body: { email, password: said }, headers: from(address) });
  return {
    right: (address, email = usual) => login(address, email, password),
    wrong: (address, email = usual) => login(address, email, wrong),
  };
}

/** What is said and when to come again, if it says so. */
export function brief({ status, body, headers }: Answer): string {
  const again = headers.get('retry-after');
  const code = status < 300 ? '' : ` ${body.code}`;
  return `${status}${code}${again === null ? '' : ` again in ${again}`}`;
}
