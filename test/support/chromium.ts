/** A real browser without a window. Whoever starts it stops it; it ends with the process of the test in any case. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** What distributions call it; scripts/prerequisites.mjs looks for the same names. */
const names = ['chromium', 'chromium-browser', 'google-chrome'];

export function startChromium(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const executablePath = names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(existsSync);
  if (executablePath === undefined) throw new Error(`none of ${names.join(', ')} is installed`);
  // Its sandbox refuses root, as whom CI runs; it visits pages of the tests only.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}
