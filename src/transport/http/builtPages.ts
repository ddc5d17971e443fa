/**
 * What the build made of packages/pages: scripts and the stylesheet, served at `/pages/` from memory. Anybody may request them and not
 * read: then all share the same bytes, and no file is open. Names change with the content, so browsers keep them for a year.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { AuthorityError, StartupError } from '@countersign/verifier/errors';
import type { HttpApp } from './bareApp.ts';

/** Addresses of what a page loads. */
export interface Loads {
  readonly script: string;
  /** Scripts that `script` imports: the browser loads them at the same time. */
  readonly imports: readonly string[];
  readonly styles: readonly string[];
}

export interface BuiltPages {
  readonly account: Loads;
  readonly admin: Loads;
  readonly signIn: Loads;
  /** Of the pages that the authority renders itself. */
  readonly stylesheet: string;
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly builtPages: BuiltPages;
  }
}

const folder = new URL('../../pages/', import.meta.url);
const at = '/pages/';

/** The last part of a file's name → its type. */
const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/** Content coding → the ending of a file that has it; the best one first. */
const codings = { br: '.br', gzip: '.gz' } as const;

/** Throws `StartupError` when there are none. */
export function knowBuiltPages(app: HttpApp): void {
  app.decorate('builtPages', readIndex());
}

function readIndex(): BuiltPages {
  const { style, ...entries } = JSON.parse(readText()) as Readonly<Record<string, Loads>>;
  const address = (name: string) => at + name;
  const pages = Object.entries(entries).map(([name, { script, imports, styles }]) => [
    name,
    { script: address(script), imports: imports.map(address), styles: styles.map(address) },
  ]);
  return { ...Object.fromEntries(pages), stylesheet: address(style?.styles[0] ?? '') };
}

function readText(): string {
  try {
    return readFileSync(new URL('pages.json', folder), 'utf8');
  } catch (cause) {
    throw new StartupError('dist/pages is missing: npm run build makes it', { cause });
  }
}

export function builtPageRoutes(app: HttpApp): void {
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder))]));
  const schema = { summary: 'A script or the stylesheet of the pages.' };
  app.get('/pages/:file', { schema }, async ({ params, headers }, reply) => {
    const { file } = params as { readonly file: string };
    const type = types[file.split('.').at(-1) ?? ''];
    const accepted = codingsIn(headers['accept-encoding']);
    const coding = accepted.find((each) => files.has(file + codings[each]));
    const bytes = files.get(coding === undefined ? file : file + codings[coding]);
    if (type === undefined || bytes === undefined) throw new AuthorityError('not_found');
    if (coding !== undefined) reply.header('content-encoding', coding);
    return reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('vary', 'accept-encoding')
      .type(type)
      .send(bytes);
  });
}

/** RFC 9110 §12.5.3, as browsers write it: a coding with a weight of 0 is not accepted. */
function codingsIn(header: string | string[] | undefined): readonly (keyof typeof codings)[] {
  const accepted = String(header ?? '')
    .split(',')
    .flatMap((part) => {
      const [coding = '', weight] = part.split(';').map((each) => each.trim().toLowerCase());
      return /^q=0(\.0*)?$/.test(weight ?? '') ? [] : [coding];
    });
  return (Object.keys(codings) as (keyof typeof codings)[]).filter((coding) => accepted.includes(coding));
}
