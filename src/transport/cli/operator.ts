/**
 * Which operator runs a command: what the command says of itself. Nobody checks it, since Node does not tell who is at the other end of a
 * socket. Who can say it is whoever may connect: the owner of DATA_DIR, and root.
 */
import { userInfo } from 'node:os';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Environment } from '../../platform/config/env.ts';
import { cliLimits } from './limits.ts';

const longest = cliLimits.operatorNameCharacters;
const shape = new RegExp(`^[\\w.@-]{1,${longest}}\\(\\d{1,10}\\)(,sudo:[\\w.@-]{1,${longest}})?$`);

/** As `alice(1000)`, or `root(0),sudo:alice` where the environment says who was root before. */
export function operatorName(environment: Environment): string {
  const { SUDO_USER: before = '' } = environment;
  const { username, uid } = thisUser();
  return `${spelt(username)}(${uid})${before === '' ? '' : `,sudo:${spelt(before)}`}`;
}

/** A process may run as a user that has no name, as in a container. */
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

/** What says nothing that is understood is an operator all the same. */
export function actorOfOperator(said: unknown): Actor {
  return { name: typeof said === 'string' && shape.test(said) ? `operator:${said}` : 'operator' };
}
