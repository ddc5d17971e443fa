/** What every request and answer must keep to, whatever the route: security headers, and JSON as the only body. */
import helmet from '@fastify/helmet';
import { AuthorityError } from '../core/errors.ts';
import type { HttpApp } from './bareApp.ts';

const oneYear = 31_536_000;

/** OWASP ASVS 5.0 V3.4. The documentation page sets a content policy of its own, for its own scripts and styles. */
export async function setSecurityHeaders(app: HttpApp): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
        'object-src': ["'none'"],
      },
    },
    strictTransportSecurity: { maxAge: oneYear, includeSubDomains: true },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}

const jsonType = /^application\/json *(; *charset="?utf-8"?)? *$/i;

/**
 * One content type, spelt correctly. The HTTP library matches more loosely, and a body that one part takes for JSON
 * and another does not was a way around validation before.
 */
export function acceptOnlyJson(app: HttpApp): void {
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Some clients name the type of a body that they do not send; the route's schema says whether it needs one.
    if (body.length === 0) done(null, undefined);
    else parseJson(request, body as string, done);
  });
  app.addHook('onRequest', async (request) => {
    if (request.method === 'GET' || request.method === 'HEAD') return;
    const { 'content-type': type, 'content-encoding': encoding } = request.headers;
    if (type !== undefined && !jsonType.test(type)) {
      throw new AuthorityError('unsupported_media_type', {
        detail: 'content-type: must be application/json in UTF-8',
      });
    }
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      throw new AuthorityError('unsupported_media_type', {
        detail: 'content-encoding: bodies must not be compressed',
      });
    }
  });
}
