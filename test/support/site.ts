/** A web site of a test: small pages, and the authority behind it where it has one, as a proxy would put it there. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** What the browser says of where it comes from. */
  readonly site: string | undefined;
  readonly cookie: string | undefined;
  /** Of the authority's answer. */
  readonly status: number;
  readonly setCookie: readonly string[];
  readonly clearSiteData: string | undefined;
}

export interface Site {
  readonly port: number;
  /** All that went to the authority, in the order of its answers. */
  readonly seen: SeenRequest[];
  /** From now on requests for `path` go to the authority together, when `count` of them have come. */
  holdUntil(path: string, count: number): void;
  stop(): Promise<void>;
}

/** `pages`: path → text; those that end in .js are scripts. `authorityPort` is asked when the first request comes. */
export async function startSite(
  pages: Readonly<Record<string, string>>,
  authorityPort?: () => number,
  /** Of each page. */
  headers: Readonly<Record<string, string>> = {},
): Promise<Site> {
  const seen: SeenRequest[] = [];
  let held: { path: string; count: number; waiting: (() => void)[] } | undefined;

  /** Now, or together with others for which it has to wait. */
  const inTurn = (path: string, go: () => void) => {
    if (held?.path !== path) return go();
    held.waiting.push(go);
    if (held.waiting.length < held.count) return;
    const { waiting } = held;
    held = undefined;
    for (const each of waiting) each();
  };
  const server = createServer((incoming, outgoing) => {
    const { url = '' } = incoming;
    const page = pages[url];
    if (page !== undefined) {
      const type = url.endsWith('.js') ? 'text/javascript' : 'text/html';
      outgoing.writeHead(200, { ...headers, 'content-type': type });
      outgoing.end(page);
    } else if (authorityPort === undefined || !/^\/(auth|sign-in)\b/.test(url)) {
      outgoing.writeHead(404).end();
    } else {
      inTurn(url, () => pass(authorityPort(), incoming, outgoing, (request) => seen.push(request)));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    holdUntil(path, count) {
      held = { path, count, waiting: [] };
    },
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function pass(
  port: number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  onAnswer: (request: SeenRequest) => void,
): void {
  const { method = '', url: path = '', headers } = incoming;
  const onward = request({ port, host: '127.0.0.1', method, path, headers }, (answer) => {
    const { statusCode: status = 0, headers: answered } = answer;
    onAnswer({
      ...{ method, path, status, cookie: headers.cookie },
      site: headers['sec-fetch-site'] as string | undefined,
      setCookie: answered['set-cookie'] ?? [],
      clearSiteData: answered['clear-site-data'] as string | undefined,
    });
    outgoing.writeHead(status, answered);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
