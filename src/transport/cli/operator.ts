/**
 * The operator's name, as claimed by the command line. Unverified: Node.js does not identify a socket's peer. Only the owner of
 * DATA_DIR and root can connect.
 */
import { userInfo } from 'node:os';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Environment } from '../../platform/config/env.ts';
import { cliLimits } from './limits.ts';

const longest = cliLimits.operatorNameCharacters;
const shape = new RegExp(`^[\\w.@-]{1,${longest}}\\(\\d{1,10}\\)(,sudo:[\\w.@-]{1,${longest}})?$`);

/** Like `alice(1000)`, or `root(0),sudo:alice` when the environment names the user before sudo. */
export function operatorName(environment: Environment): string {
  const { SUDO_USER: before = '' } = environment;
  const { username, uid } = thisUser();
  return `${spelt(username)}(${uid})${before === '' ? '' : `,sudo:${spelt(before)}`}`;
}

/** A process may run as a user without a name, as in a container. */
function thisUser(): { readonly username: string; readonly uid: number } {
  try {
    return userInfo();
  } catch {
    return { username: 'uid', uid: process.getuid?.() ?? 0 };
  }
}

function spelt(name: string): string {
  return name.replace(/[^\w.@-]/g, '_').slice(0, longest);
}

/** Malformed names still count as an operator. */
export function actorOfOperator(said: unknown): Actor {
  return { name: typeof said === 'string' && shape.test(said) ? `operator:${said}` : 'operator' };
}
