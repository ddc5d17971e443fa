/** Requests over TLS with a client certificate, as `fetch`, and nginx that asks for one, as docs/proxies.md says. */
import { type RequestOptions, request } from 'node:https';
import type { Pem } from './certificates.ts';

export interface TlsParts {
  readonly ca: Buffer;
  /** Undefined: the client shows none. */
  readonly own?: Pem | undefined;
}

/** For the option `customFetch` of OAuth libraries, too. */
export function fetchOver({ ca, own }: TlsParts) {
  return (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const options: RequestOptions = {
      ...{ method: init.method ?? 'GET', headers: Object.fromEntries(new Headers(init.headers)), ca },
      ...(own === undefined ? {} : { cert: own.certificate, key: own.key }),
      agent: false,
    };
    return new Promise((resolve, reject) => {
      const sent = request(url, options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const { statusCode: status = 0, headers } = answer;
          const fields = Object.entries(headers).map(([name, value]): [string, string] => [
            name,
            String(value),
          ]);
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers: fields }));
        });
      });
      sent.on('error', reject);
      sent.end(init.body === undefined || init.body === null ? undefined : String(init.body));
    });
  };
}

export function nginxWithCertificates(parts: {
  readonly port: number;
  readonly httpPort: number;
  readonly path: (name: string) => string;
}): string {
  const { port, httpPort, path } = parts;
  return `server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${path('server.pem')};
    ssl_certificate_key ${path('server.key')};
    ssl_client_certificate ${path('clients.pem')};
    ssl_verify_client optional;
    location / {
      proxy_pass http://127.0.0.1:${httpPort};
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Client-Cert $ssl_client_escaped_cert;
    }
  }`;
}
