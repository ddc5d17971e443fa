/**
 * Public documents that every service fetches are answered before the framework, whose hooks cost as much again as the answer
 * (bench `jwks`). Whatever is unusual goes on to the route, which alone decides: another method, a condition, a body, a doubt.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpParts } from './app.ts';
import type { HttpApp } from './bareApp.ts';
import { repeatedField, securityHeaders } from './requestChecks.ts';

export interface EarlyAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Path → its answer now, the same object while it is the same answer. When it throws, the route is asked. */
export type EarlyAnswers = Map<string, () => EarlyAnswer>;

/** Request headers that may change the answer. */
const decisive = ['if-none-match', 'content-length', 'transfer-encoding', 'expect', 'upgrade'];

interface EarlyParts
  extends Pick<HttpParts, 'hstsSubdomains' | 'isDraining' | 'requireTruth' | 'metrics' | 'log' | 'clock'> {
  readonly onAnswered: (socket: Socket) => void;
}

export function answerEarly(app: HttpApp, parts: EarlyParts): EarlyAnswers {
  const answers: EarlyAnswers = new Map();
  const headersOf = rememberedHeaders(securityHeaders(parts.hstsSubdomains));
  const answerTo = ({ method, url, headers, rawHeaders, socket }: IncomingMessage) => {
    const answer = method === 'GET' ? answers.get(url ?? '') : undefined;
    if (answer === undefined || socket.destroyed || parts.isDraining()) return undefined;
    if (decisive.some((name) => headers[name] !== undefined) || repeatedField(rawHeaders)) return undefined;
    try {
      parts.requireTruth();
      return parts.log.isLevelEnabled('debug') ? undefined : answer();
    } catch {
      return undefined;
    }
  };
  // It was there first; what counts requests was put before it.
  const framework = app.server.listeners('request').at(-1) as ((...request: unknown[]) => void) | undefined;
  if (framework === undefined) throw new Error('the framework listens');
  app.server.removeListener('request', framework);
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const began = parts.clock.monotonic();
    const answer = answerTo(request);
    if (answer === undefined) return framework(request, response);
    response.writeHead(200, [...headersOf(answer), 'x-request-id', randomUUID()]).end(answer.body);
    parts.onAnswered(request.socket);
    parts.metrics.httpRequest('GET', request.url ?? '', 200, (parts.clock.monotonic() - began) / 1000);
  });
  return answers;
}

/** Names and values in turn. Objects with twenty headers cost more to make than all the rest of the answer. */
function rememberedHeaders(security: OutgoingHttpHeaders) {
  const remembered = new WeakMap<EarlyAnswer, readonly string[]>();
  return (answer: EarlyAnswer): readonly string[] => {
    const known = remembered.get(answer);
    if (known !== undefined) return known;
    const length = String(Buffer.byteLength(answer.body));
    const headers = Object.entries({ ...security, ...answer.headers, 'content-length': length });
    const flat = headers.flatMap(([name, value]) => [name, String(value)]);
    remembered.set(answer, flat);
    return flat;
  };
}
