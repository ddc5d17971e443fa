/** The OpenAPI document, generated from route schemas, and a page to read and try it. */
import { readFileSync } from 'node:fs';
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
