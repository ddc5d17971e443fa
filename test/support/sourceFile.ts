/** A source file as text: what it imports and what its code says, without running or compiling it. */

export interface Import {
  /** As written, or for relative ones the path from the root: `packages/verifier/src/clock.ts`. */
  readonly target: string;
  /** Gone after compilation. */
  readonly typesOnly: boolean;
}

export interface SourceFile {
  readonly path: string;
  readonly lines: number;
  /** Without comments, which may name what code may not use. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const stringOrComment =
  /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\/.*|\/\*[\s\S]*?\*\//g;
const declaration = /^\s*(?:import|export)\s+(type\s)?\s*(?:[\w$*{},\s]*?\sfrom\s*)?(['"])(.+?)\2/gm;
const call = /\b(?:import|require)\s*\(\s*(?:(['"])(.+?)\1)?/g;

/** `path` is relative to the root, with slashes. */
export function parseSource(path: string, text: string): SourceFile {
  const code = text.replace(stringOrComment, '$1');
  const declared = [...code.matchAll(declaration)].map(([, type, , written = '']) => ({
    target: resolve(path, written),
    typesOnly: type !== undefined,
  }));
  const called = [...code.matchAll(call)].map(([, , written = 'an expression']) => ({
    target: resolve(path, written),
    typesOnly: false,
  }));
  return { path, lines: text.trimEnd().split('\n').length, code, imports: [...declared, ...called] };
}

function resolve(from: string, written: string): string {
  return written.startsWith('.') ? new URL(written, `file:///${from}`).pathname.slice(1) : written;
}
