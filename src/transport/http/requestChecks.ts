/** Rules for every request and answer: security headers, and JSON as the only body. */
import {
  type IncomingHttpHeaders,
  IncomingMessage,
  type OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http';
import { Socket } from 'node:net';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import helmet from 'helmet';
import type { HttpApp } from './bareApp.ts';
import { acceptForms, isForm } from './forms.ts';
import { eachMemberOnce } from './jsonMembers.ts';

const none = ["'none'"];

/** OWASP ASVS 5.0 V3.4. Subdomains (RFC 6797 §6.1.2) only if the operator says so: some may have no TLS. */
function headersOf(includeSubDomains: boolean) {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': none,
        'base-uri': none,
        'form-action': none,
        'frame-ancestors': none,
        'object-src': none,
      },
    },
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}

/** Built once, equal for every answer: building them per request would cost more than most routes. */
export function securityHeaders(hstsSubdomains: boolean): OutgoingHttpHeaders {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  headersOf(hstsSubdomains)(request, response, () => {});
  return response.getHeaders();
}

/** The documentation page has its own content policy, for its scripts and styles. */
export function setSecurityHeaders(app: HttpApp, hstsSubdomains: boolean): void {
  const headers = securityHeaders(hstsSubdomains);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers).header('x-request-id', request.id);
    done();
  });
}

/** No two adjacent parts match the same blanks: on 16 kB of them that would take 0.2 s. */
const jsonType = /^application\/json(?: *; *charset="?utf-8"?)? *$/i;

/** Exactly one content type, but for the forms of our own pages. Fastify matches more loosely, and disagreeing about JSON has allowed bypassing validation before. */
export function acceptOnlyJson(app: HttpApp): void {
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Some clients send a content type without a body; the route's schema decides whether it needs one.
    if (body.length === 0) done(null, undefined);
    else
      parseJson(request, body as string, (error, value) => done(error ?? repeatedMember(body, value), value));
  });
  // A callback instead of async: it runs for every request, and most have no body.
  app.addHook('onRequest', (request, _reply, done) => {
    const { method, headers } = request;
    const needsForm = request.routeOptions.config?.formOnly === true;
    done(method === 'GET' || method === 'HEAD' ? undefined : bodyFault(headers, isForm(request), needsForm));
  });
  acceptForms(app);
}

function repeatedMember(text: string | Buffer, value: unknown): AuthorityError | null {
  return eachMemberOnce(text as string, value)
    ? null
    : invalidField('body', 'unique', 'must name each member once');
}

/** Headers that may occur once (RFC 9110 §5.3). Node.js keeps the first; a proxy may have used the last. */
const singleFields = new Set(['authorization', 'content-type', 'host']);
/** Compares lengths first: it runs for every request. */
const singleLengths = new Set([...singleFields].map((name) => name.length));

export function refuseRepeatedFields(app: HttpApp): void {
  app.addHook('onRequest', ({ raw: { rawHeaders } }, _reply, done) => {
    const field = repeatedField(rawHeaders);
    done(field === undefined ? undefined : invalidField(field, 'unique', 'the header came more than once'));
  });
}

/** `rawHeaders`: alternating names and values, as received. */
export function repeatedField(rawHeaders: readonly string[]): string | undefined {
  const seen: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] ?? '';
    if (!singleLengths.has(field.length)) continue;
    const name = field.toLowerCase();
    if (seen.includes(name)) return name;
    if (singleFields.has(name)) seen.push(name);
  }
  return undefined;
}

function bodyFault(
  headers: IncomingHttpHeaders,
  isForm: boolean,
  needsForm: boolean,
): AuthorityError | undefined {
  const { 'content-type': type, 'content-encoding': encoding } = headers;
  if (!isForm && (needsForm || (type !== undefined && !jsonType.test(type)))) {
    const needed = needsForm ? 'application/x-www-form-urlencoded' : 'application/json';
    const detail = `content-type: must be ${needed} in UTF-8`;
    return new AuthorityError('unsupported_media_type', { detail });
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    const detail = 'content-encoding: bodies must not be compressed';
    return new AuthorityError('unsupported_media_type', { detail });
  }
  return undefined;
}
