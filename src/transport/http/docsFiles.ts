/**
 * Serves `/docs` from memory. Anybody may request it and not read: then all share the same bytes, and no file is open. Does not
 * own the page and its files, which are a library's.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify';

interface Content {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** For `onRoute`: replaces the library's handlers that read files or generate the document each time. */
export function answerFromMemory(
  document: (format: 'json' | 'yaml') => string,
): (route: RouteOptions) => void {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static');
  const files = new Map(
    readdirSync(folder).map((name) => [
      name,
      once(types[extname(name)] ?? 'application/octet-stream', () => readFileSync(join(folder, name))),
    ]),
  );
  const documentOf = (type: string, format: 'json' | 'yaml'): RouteHandlerMethod => {
    const content = once(type, () => Buffer.from(document(format)));
    return (request, reply) => send(request, reply, content());
  };
  const handlers: Readonly<Record<string, RouteHandlerMethod>> = {
    '/docs/json': documentOf('application/json; charset=utf-8', 'json'),
    '/docs/yaml': documentOf('application/x-yaml', 'yaml'),
    '/docs/static/*'(request, reply) {
      const content = files.get((request.params as { readonly '*': string })['*']);
      if (content === undefined) reply.callNotFound();
      else send(request, reply, content());
    },
  };
  return (route) => {
    route.handler = handlers[route.url] ?? route.handler;
  };
}

/** Created on first use. */
function once(type: string, read: () => Buffer): () => Content {
  let content: Content | undefined;
  return () => {
    if (content === undefined) {
      const bytes = read();
      content = { type, bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` };
    }
    return content;
  };
}

function send(request: FastifyRequest, reply: FastifyReply, { type, bytes, etag }: Content): void {
  reply.header('etag', etag).header('cache-control', 'public, max-age=0');
  if (request.headers['if-none-match'] === etag) reply.code(304).send();
  else reply.type(type).send(bytes);
}
