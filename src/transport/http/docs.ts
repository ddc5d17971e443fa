/** The OpenAPI document, generated from route schemas, and a page to read and try it. */
import { readFileSync } from 'node:fs';
import { AuthorityError } from '@countersign/verifier/errors';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { HttpApp } from './bareApp.ts';
import { answerFromMemory } from './docsFiles.ts';

const packageFile = new URL('../../../package.json', import.meta.url);

/** Only the page's own scripts and calls; some styles are inline. */
const contentPolicy = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'connect-src': ["'self'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:'],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
};

/** Registered before the routes, to see them all. */
export async function docsRoutes(app: HttpApp, cookieName: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Countersign',
        version,
        description:
          'A central token authority. Once a logout returns, no service accepts the tokens of its session.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          cookie: { type: 'apiKey', in: 'cookie', name: cookieName },
        },
      },
    },
  });
  await app.register(async (scope) => {
    const document = { json: () => JSON.stringify(app.swagger()), yaml: () => app.swagger({ yaml: true }) };
    scope.addHook(
      'onRoute',
      answerFromMemory((format) => document[format]()),
    );
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: contentPolicy,
      theme: { title: 'Countersign' },
    });
  });
}

/** Links for newcomers; public information only. */
export function rootRoute(app: HttpApp): void {
  const places = {
    name: 'Countersign',
    documentation: '/docs',
    openapi: '/docs/json',
    keys: '/.well-known/jwks.json',
    metadata: '/.well-known/oauth-authorization-server',
    health: '/health/ready',
  };
  app.get('/', { schema: { summary: 'Where to go.' } }, async (request, reply) => {
    // The router takes `*` for `/`; RFC 9112 §3.2.4 allows it for OPTIONS only.
    if (request.raw.url === '*') throw new AuthorityError('not_found');
    return reply.header('cache-control', 'no-store').send(places);
  });
}
