import type { Log } from './observability/log.ts';

/** Steps that close what was opened, in the order of opening. */
export type Closing = (() => Promise<void>)[];

/** Closes the parts in reverse order of opening. */
export async function closeAll(log: Log, closing: Closing): Promise<void> {
  const faults: unknown[] = [];
  for (const step of closing.splice(0).reverse()) {
    // A part that fails to close must not keep the others open.
    await step().catch((fault) => faults.push(fault));
  }
  if (faults.length > 0) log.error({ err: faults[0], faults: faults.length }, 'not everything was closed');
}
