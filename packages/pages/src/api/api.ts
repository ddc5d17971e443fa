/** Calls of the authority with the page's session. */
import { Refusal, refusalOf, send } from './refusal.ts';
import type { Session } from './session.ts';

export interface Answer<Body> {
  readonly body: Body;
  /** Milliseconds until no service accepted any more what the call ended (Server-Timing). */
  readonly effectMs: number | undefined;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** Throws a `Refusal`. */
export interface Api {
  call<Body = undefined>(
    method: Method,
    path: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<Body>>;
  /** The body alone. */
  get<Body>(path: string): Promise<Body>;
  /** An answer whose body comes in parts. With `body`, of a POST. */
  open(path: string, signal: AbortSignal, body?: object): Promise<Response>;
}

export interface ApiParts {
  readonly session: Session;
  /** Asks the user to prove again who they are; false when they would rather not. */
  readonly proveAgain: () => Promise<boolean>;
}

export function createApi({ session, proveAgain }: ApiParts): Api {
  /** Also the code of a 401. */
  const attempt = async (path: string, init: RequestInit) => {
    const token = await session.token();
    const headers = {
      ...init.headers,
      authorization: `Bearer ${token}`,
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const response = await send(path, { ...init, headers });
    const code = response.status === 401 ? (await refusalOf(response.clone())).code : undefined;
    if (code === 'invalid_token') session.forget(token);
    return { response, code };
  };
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    let { response, code } = await attempt(path, init);
    // The token may have expired on its way, or its key may be gone: once more with a new one.
    if (code === 'invalid_token') ({ response, code } = await attempt(path, init));
    if (code === 'insufficient_user_authentication') {
      if (!(await proveAgain())) throw new Refusal('cancelled');
      ({ response } = await attempt(path, init));
    }
    if (!response.ok) throw await refusalOf(response);
    return response;
  };
  const call: Api['call'] = async <Body>(
    method: Method,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await request(path, init);
    const text = await response.text();
    return { body: (text === '' ? undefined : JSON.parse(text)) as Body, effectMs: effectOf(response) };
  };
  return {
    call,
    get: async <Body>(path: string) => (await call<Body>('GET', path)).body,
    open: (path, signal, body) =>
      request(path, {
        ...{ method: body === undefined ? 'GET' : 'POST', signal },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

function effectOf({ headers }: Response): number | undefined {
  const [, milliseconds] = /\beffect;dur=([\d.]+)/.exec(headers.get('server-timing') ?? '') ?? [];
  return milliseconds === undefined ? undefined : Number(milliseconds);
}
