/** The users that docs/redis.md tells operators to make, made with its own lines. */
import { readFileSync } from 'node:fs';
import { inCheckout } from './checkout.ts';
import type { RedisServer } from './redis.ts';

const docs = readFileSync(inCheckout('docs/redis.md'), 'utf8');

/** Name → the command that makes the user. */
export const userLines = new Map(
  [...docs.matchAll(/^(ACL SETUSER (\S+) .*)$/gm)].map(([, line = '', name = '']) => [name, line]),
);

export const userPassword = 'a-password-of-the-test';

/** Makes all of the users. */
export async function makeUsers(server: RedisServer): Promise<void> {
  for (const line of userLines.values())
    await server.command(...line.replace('PASSWORD', userPassword).split(' '));
}

/** The URL for one of them. */
export function urlAs(
  name: 'countersign-authority' | 'countersign-checker',
  { url }: { url: string },
): string {
  return url.replace('//', `//${name}:${userPassword}@`);
}

/** The server, which is given as much as it gives the authority in operation. */
export async function startAsAuthority(start: () => Promise<RedisServer>): Promise<RedisServer> {
  const server = await start();
  try {
    await makeUsers(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...server, url: urlAs('countersign-authority', server) };
}
