/** Saved memory that the test owns: what it is asked is noted, and it can be replaced, half lost or broken. */
import type {
  MemoryContents,
  MemoryHead,
  SavedMemory,
} from '../../src/revocation/propagation/savedMemory.ts';

export interface SavedInMemory extends SavedMemory {
  readonly steps: string[];
  /** What was saved last. */
  memory: (MemoryHead & MemoryContents) | undefined;
  /** A piece of it is gone. */
  incomplete: boolean;
  /** While there is one, everything fails with it. */
  fault: Error | undefined;
  /** Called before each step, with its word. */
  before: (step: string) => unknown;
}

export function createSavedInMemory(): SavedInMemory {
  let count = 0;
  const step = async (word: string) => {
    saved.steps.push(word);
    await saved.before(word);
    if (saved.fault !== undefined) throw saved.fault;
  };
  const saved: SavedInMemory = {
    steps: [],
    memory: undefined,
    incomplete: false,
    fault: undefined,
    before: () => {},
    async latest() {
      await step('latest');
      const { memory } = saved;
      if (memory === undefined) return undefined;
      const { id, savedAt, position, ...contents } = memory;
      return {
        ...{ id, savedAt, position },
        async read() {
          await step('read');
          return saved.incomplete ? undefined : contents;
        },
      };
    },
    async save(memory) {
      await step('save');
      count += 1;
      const id = `saved ${count}`;
      saved.memory = { id, ...memory };
      return id;
    },
  };
  return saved;
}
