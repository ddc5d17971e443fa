/** What a first visit of a page costs, on a CPU that is four times slower. */
import type { Page } from 'playwright-core';

export interface FirstVisit {
  /** Scripts and stylesheets, and their bytes on the wire. */
  readonly files: number;
  readonly bytes: number;
  /** All requests, with those for data. */
  readonly requests: number;
  /** Milliseconds until something was painted, and until `seen`. */
  readonly paint: number;
  readonly shown: number;
}

/** `seen` resolves when the page shows what it is for. */
export async function firstVisit(page: Page, path: string, seen: () => Promise<void>): Promise<FirstVisit> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.clearBrowserCache');
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.goto(path);
  await seen();
  const visit = await page.evaluate<FirstVisit>(`(() => {
    const loaded = performance.getEntriesByType('resource');
    const files = loaded.filter(({ name }) => name.includes('/pages/'));
    return {
      files: files.length,
      bytes: files.reduce((sum, { transferSize }) => sum + transferSize, 0),
      requests: loaded.length + 1,
      paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
      shown: performance.now(),
    };
  })()`);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  return visit;
}

export function figuresOf({ files, bytes, requests, paint, shown }: FirstVisit): string {
  return `${files} files of ${bytes} bytes, ${requests} requests, first paint after ${paint.toFixed(0)} ms, shown after ${shown.toFixed(0)} ms`;
}
