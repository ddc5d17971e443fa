import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Commands } from './client.ts';

export type ScriptArgument = string | number | Buffer;

/** Runs the script atomically. */
export type Script = (
  commands: Commands,
  keys: readonly string[],
  parameters: readonly ScriptArgument[],
) => Promise<unknown>;

/** `file`: a Lua script whose name ends in its number of keys, as `project-2.lua`. */
export function loadScript(file: URL): Script {
  const text = readFileSync(file, 'utf8');
  const sha = createHash('sha1').update(text).digest('hex');
  const numberOfKeys = Number(/-(\d+)\.lua$/.exec(file.pathname)?.[1]);
  return async (commands, keys, parameters) => {
    if (keys.length !== numberOfKeys) throw new RangeError(`${keys.length} keys for ${file.pathname}`);
    try {
      return await commands.evalsha(sha, numberOfKeys, ...keys, ...parameters);
    } catch (error) {
      // A server that restarted, flushed its scripts or was promoted: running the text once loads it.
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return commands.eval(text, numberOfKeys, ...keys, ...parameters);
    }
  };
}
