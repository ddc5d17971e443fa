/**
 * Every way into the authority for an access token, asked in one way. A refusal is only called so when it is the one
 * that this door always gives, to the letter: whatever else it says shows in the comparison.
 */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { type ServiceError, status } from '@grpc/grpc-js';
import type { Guard } from '../../packages/guard/src/guard.ts';
import type { GuardError } from '../../packages/guard/src/guardError.ts';
import { grpcLimits } from '../../src/transport/grpc/limits.ts';
import { httpLimits } from '../../src/transport/http/limits.ts';
import type { TestAuthority } from './authority.ts';
import type { Answer } from './clients.ts';
import type { RevocationClient } from './revocationClient.ts';

const httpRefusalTitle = 'The access token is not valid';
const httpChallenge =
  'Bearer realm="countersign", error="invalid_token", error_description="The access token is not valid"';

/** `not carried`: the protocol itself refused it, before any token was looked at. */
export type Said = 'accepted' | 'refused' | 'not carried' | { readonly unexpected: unknown };

export interface Door {
  readonly name: string;
  /** The token as it arrives behind the protocol; undefined when that does not carry it. */
  hears(token: string): string | undefined;
  says(token: string): Promise<Said>;
}

/** Those that let a token in and change nothing. */
export function readingDoors({ call, httpPort, grpc }: TestAuthority): readonly Door[] {
  return [
    {
      name: 'GET /auth/me',
      hears: heardByHttp,
      says: (token) => sayHttp(httpPort, 'GET /auth/me', token, () => call('GET', '/auth/me', bearer(token))),
    },
    {
      name: 'Introspect',
      hears: heardByGrpc,
      says: (token) => grpc.introspect(token).then(ofIntrospection, ofStatus),
    },
  ];
}

/** A guard, whose memory decides. */
export function guardDoor(guard: Pick<Guard, 'verify'>): Door {
  return {
    name: 'guard.verify',
    hears: (token) => token,
    says: (token) => guard.verify(token).then((): Said => 'accepted', ofGuard),
  };
}

const guardRefusal = {
  status: 401,
  code: 'invalid_token',
  message: httpRefusalTitle,
  headers: { 'cache-control': 'no-store', 'www-authenticate': httpChallenge },
};

function ofGuard({ status: code, code: word, message, headers }: GuardError): Said {
  const answer = { status: code, code: word, message, headers };
  // Whoever sends no text at all has sent no token.
  const none = word === 'token_required' && headers['www-authenticate'] === 'Bearer realm="countersign"';
  return none || isDeepStrictEqual(answer, guardRefusal) ? 'refused' : { unexpected: answer };
}

/** Those that end what they let in; they do not ask whether it had ended before. */
export function endingDoors({ call, httpPort }: TestAuthority, client: RevocationClient): readonly Door[] {
  return [
    {
      name: 'Revoke',
      hears: heardByGrpc,
      says: (token) => client.revoke({ token }).then((): Said => 'accepted', ofStatus),
    },
    {
      name: 'POST /auth/logout',
      hears: heardByHttp,
      says: (token) =>
        sayHttp(httpPort, 'POST /auth/logout', token, () => call('POST', '/auth/logout', bearer(token))),
    },
  ];
}

/** What RFC 9110 §5.5 lets stand in a header, and its white space around it does not count. */
const fieldValue = /^[\t\x20-\x7e\x80-\u{10ffff}]*$/u;
/** Room for the other headers of a request. */
const longestField = httpLimits.httpHeadersBytes - 1024;

function heardByHttp(token: string): string | undefined {
  const carried = fieldValue.test(token) && token.length < longestField;
  return carried ? token.replace(/^[\t ]+|[\t ]+$/g, '') : undefined;
}

function heardByGrpc(token: string): string | undefined {
  // Around it are a tag and a length.
  return Buffer.byteLength(token) + 8 <= grpcLimits.grpcRequestBytes ? token : undefined;
}

/** A client sends bytes; one that is given text wants each byte as a character. */
function bearer(token: string) {
  return { headers: { authorization: `Bearer ${Buffer.from(token).toString('latin1')}` } };
}

async function sayHttp(
  port: number,
  request: string,
  token: string,
  call: () => Promise<Answer>,
): Promise<Said> {
  return heardByHttp(token) === undefined ? sayRaw(port, request, token) : ofHttp(await call());
}

const httpRefusal = {
  status: 401,
  type: 'application/problem+json; charset=utf-8',
  challenge: httpChallenge,
  cache: 'no-store',
  body: {
    type: 'urn:countersign:error:invalid_token',
    title: httpRefusalTitle,
    status: 401,
    code: 'invalid_token',
  },
};

function ofHttp({ status: code, headers, body }: Answer): Said {
  if (code === 200 || code === 204) return 'accepted';
  const { request_id, ...rest } = body;
  const answer = {
    status: code,
    type: headers.get('content-type'),
    challenge: headers.get('www-authenticate'),
    cache: headers.get('cache-control'),
    body: rest,
  };
  const known = isDeepStrictEqual(answer, httpRefusal) && typeof request_id === 'string';
  return known ? 'refused' : { unexpected: answer };
}

/**
 * What no HTTP client would send. The token comes before the Host that a request needs, so that one which ends the
 * headers with a line break of its own has ended a request that is none.
 */
async function sayRaw(port: number, request: string, token: string): Promise<Said> {
  const socket = connect(port, '127.0.0.1');
  // Whoever is hung up on in the middle of five megabytes may not see the answer any more.
  const cut = token.length > httpLimits.httpHeadersBytes ? '' : undefined;
  socket.on('error', () => {});
  socket.end(`${request} HTTP/1.1\r\nauthorization: Bearer ${token}\r\nhost: x\r\nconnection: close\r\n\r\n`);
  const answer = await text(socket).catch(() => '');
  return answer === cut || /^HTTP\/1\.1 (400|431) /.test(answer) ? 'not carried' : { unexpected: answer };
}

const inactive = {
  active: false,
  ...{ iss: '', sub: '', aud: '', exp: 0, iat: 0, jti: '', sid: '', ver: 0 },
  ...{
    clientId: '',
    scope: '',
    authTime: 0,
    amr: [],
    tokenType: '',
    failure: null,
    acr: '',
    roles: [],
    act: null,
    cnf: null,
  },
};

function ofIntrospection(answer: { readonly active: boolean }): Said {
  if (answer.active) return 'accepted';
  return isDeepStrictEqual({ ...answer }, inactive) ? 'refused' : { unexpected: answer };
}

function ofStatus({ code, details }: ServiceError): Said {
  if (code === status.RESOURCE_EXHAUSTED) return 'not carried';
  // The token was read, and it names a session that is not there: it was good.
  if (code === status.NOT_FOUND && /^There is no session/.test(details)) return 'accepted';
  const known =
    code === status.INVALID_ARGUMENT && details === 'token: is not a live access token of this authority';
  return known ? 'refused' : { unexpected: { code, details } };
}
