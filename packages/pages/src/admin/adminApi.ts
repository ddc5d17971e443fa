/** The API that the console uses: `POST /api/{service}/{method}` with tokens of the page's session that are for it, and for nothing else. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Answer, createApi } from '../api/api.ts';
import { Refusal, refusalOf } from '../api/refusal.ts';
import { createSession } from '../api/session.ts';
import type { App } from '../app/app.ts';

export interface AdminApi {
  /** `reason`: for the audit log; every change needs one. */
  call<Body>(method: string, request: object, reason?: string): Promise<Answer<Body>>;
  /** The body alone. */
  read<Body>(method: string, request?: object): Promise<Body>;
  /** Each message as it comes; resolves when the authority ended the stream, rejects with why. */
  watch<Message>(method: string, onMessage: (message: Message) => void, signal: AbortSignal): Promise<void>;
}

export function createAdminApi({ session: page, proveAgain }: App): AdminApi {
  const session = createSession(document.documentElement.dataset['api'] ?? '', page);
  session.state.subscribe((state) => {
    if (state !== 'opening' && state !== 'open') page.end(state === 'other' ? 'other' : 'ended');
  });
  const api = createApi({
    session,
    async proveAgain() {
      if (!(await proveAgain())) return false;
      await session.renew();
      return true;
    },
  });
  const call: AdminApi['call'] = async (method, request, reason) => {
    const headers = reason === undefined ? {} : { 'countersign-reason': encodeURIComponent(reason) };
    try {
      return await api.call('POST', `/api/${method}`, request, headers);
    } catch (error) {
      throw withoutRole(error);
    }
  };
  return {
    call,
    read: async <Body>(method: string, request: object = {}) => (await call<Body>(method, request)).body,
    async watch(method, onMessage, signal) {
      const response = await api.open(`/api/${method}`, signal, {});
      for await (const line of linesOf(response)) {
        const { result, error } = JSON.parse(line) as { readonly result?: never; readonly error?: object };
        if (error !== undefined) throw await refusalOf(new Response(JSON.stringify(error)));
        onMessage(result as never);
      }
    },
  };
}

/** Nobody declared the API, so nobody has a role there. */
function withoutRole(error: unknown): unknown {
  const isUndeclared =
    error instanceof Refusal &&
    error.fields.some(({ field, rule }) => field === 'audience' && rule === 'declared');
  return isUndeclared ? new Refusal('permission_denied', { status: 403 }) : error;
}

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  if (body === null) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}

export const AdminContext = createContext<AdminApi | undefined>(undefined);

export function useAdmin(): AdminApi {
  const api = useContext(AdminContext);
  if (api === undefined) throw new Error('no console is open');
  return api;
}
