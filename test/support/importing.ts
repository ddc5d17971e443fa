/** A file of many users, and what an import of it says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { countersignProcess } from './commandLine.ts';
import { importedHashes } from './importedHashes.ts';

export function fileWith(t: Test, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'import-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'users.jsonl');
  writeFileSync(path, content);
  return path;
}

export function rowsOf(users: number): string {
  const row = (index: number) =>
    JSON.stringify({ email: `user${index}@example.com`, password_hash: importedHashes.bcrypt });
  return `${Array.from({ length: users }, (_, index) => row(index)).join('\n')}\n`;
}

/** `users import --json`. */
export async function importing(dataDir: string, ...argv: string[]) {
  const { code, lines, words } = await countersignProcess(dataDir, 'users', 'import', '--json', ...argv);
  return { code, words, result: lines.length === 1 ? JSON.parse(lines[0] ?? '') : lines };
}
