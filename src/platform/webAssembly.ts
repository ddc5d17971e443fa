/**
 * Prisma's query compiler and the embedded database are WebAssembly. By default V8 optimises what runs during a start already,
 * which takes a quarter of its processor time, and 70 MB that are not given back (Node.js 20).
 */
import { setFlagsFromString } from 'node:v8';
import { platformLimits } from './limits.ts';

/** For the whole process. Must be called before any WebAssembly is compiled. */
export function optimiseWebAssemblyLate(): void {
  setFlagsFromString(`--wasm-tiering-budget=${platformLimits.webAssemblyBudgetBytes}`);
}

/** For WebAssembly that runs once; none else may be compiled meanwhile. */
export async function withoutOptimising<T>(run: () => Promise<T>): Promise<T> {
  setFlagsFromString('--liftoff-only');
  try {
    return await run();
  } finally {
    setFlagsFromString('--no-liftoff-only');
  }
}
