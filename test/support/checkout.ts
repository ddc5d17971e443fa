/** Where the checkout is. Tests run from .build/, so that no path beside a test file leads there. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = fileURLToPath(new URL('../../../', import.meta.url));

export function inCheckout(path: string): string {
  return join(checkout, path);
}
