import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Commands } from './client.ts';

export type ScriptArgument = string | number | Buffer;

/** Runs the script; all of it happens, and nothing of others in between. */
export type Script = (
  commands: Commands,
  keys: readonly string[],
  parameters: readonly ScriptArgument[],
) => Promise<unknown>;

/** `file`: a Lua script whose name ends in the number of its keys, as `project-2.lua`. */
export function loadScript(file: URL): Script {
  const text = readFileSync(file, 'utf8');
  const sha = createHash('sha1').update(text).digest('hex');
  const numberOfKeys = Number(/-(\d+)\.lua$/.exec(file.pathname)?.[1]);
  return async (commands, keys, parameters) => {
    if (keys.length !== numberOfKeys) throw new RangeError(`${keys.length} keys for ${file.pathname}`);
    try {
      return await commands.evalsha(sha, numberOfKeys, ...keys, ...parameters);
    } catch (error) {
      // A server that was started, flushed of scripts or promoted since: it learns the script by running it once.
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return commands.eval(text, numberOfKeys, ...keys, ...parameters);
    }
  };
}
