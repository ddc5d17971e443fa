/**
 * The session of the page. Owns the access token, which is in memory only: the refresh token is in a cookie that no script can
 * read. Does not own what the page shows when the session has ended.
 */
import { type ReadonlySignal, signal } from '@preact/signals';
import { Refusal, refusalOf, send } from './refusal.ts';

/** `none`: the browser is not signed in. `ended`: it ended under the page. `signedOut`: here. `other`: another session took its place. */
export type SessionState = 'opening' | 'open' | 'none' | 'ended' | 'signedOut' | 'other';

interface Tokens {
  readonly access_token: string;
  readonly expires_in: number;
  readonly session_id: string;
}

export interface Session {
  readonly state: ReadonlySignal<SessionState>;
  readonly audience: string;
  /** A token that is good for a while. Throws a `Refusal`, `session_ended` once there is no session. */
  token(): Promise<string>;
  /** Asks for a new token now. Throws as `token` does. */
  renew(): Promise<string>;
  /** The authority refused this token: the next one is a new one. */
  forget(token: string): void;
  /** After a step-up. */
  replace(tokens: Tokens): void;
  /** Nothing of the session is kept. */
  end(how: 'ended' | 'signedOut' | 'other'): void;
  /** Once it has had a token. */
  id(): string | undefined;
}

/** Refreshed this early, so that a token does not expire on its way. */
const marginMilliseconds = 10_000;

/** `audience`: of its tokens. `page`: the session that the page shows; tokens of another one are refused. */
export function createSession(audience: string, page?: Pick<Session, 'id'>): Session {
  const state = signal<SessionState>('opening');
  let current: { readonly token: string; readonly until: number } | undefined;
  let sessionId: string | undefined;
  let refreshing: Promise<string> | undefined;

  const leave = (next: Exclude<SessionState, 'opening' | 'open'>) => {
    current = undefined;
    if (state.value === 'opening' || state.value === 'open') state.value = next;
  };
  const keep = ({ access_token: token, expires_in: seconds, session_id: id }: Tokens): string => {
    const shown = sessionId ?? page?.id();
    if (shown !== undefined && shown !== id) {
      // Somebody signed in in another tab, maybe as somebody else: this page shows the earlier user.
      leave('other');
      throw new Refusal('session_ended');
    }
    sessionId = id;
    current = { token, until: performance.now() + seconds * 1000 - marginMilliseconds };
    state.value = 'open';
    return token;
  };
  const refresh = async (): Promise<string> => {
    const response = await send('/auth/refresh', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'countersign-csrf': '1' },
      body: JSON.stringify({ audience }),
    });
    if (response.ok) return keep((await response.json()) as Tokens);
    const refusal = await refusalOf(response);
    if (refusal.status !== 401) throw refusal;
    leave(sessionId === undefined ? 'none' : 'ended');
    throw new Refusal('session_ended', { status: 401 });
  };
  const token = async () => {
    if (state.value !== 'opening' && state.value !== 'open') throw new Refusal('session_ended');
    if (current !== undefined && performance.now() < current.until) return current.token;
    // Tabs share the cookie, and take turns: each refresh replaces what is in it.
    refreshing ??= navigator.locks.request('countersign-refresh', refresh).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  return {
    ...{ state, audience, token, id: () => sessionId },
    renew() {
      current = undefined;
      return token();
    },
    forget(token) {
      if (current?.token === token) current = undefined;
    },
    replace: (tokens) => void keep(tokens),
    end: leave,
  };
}
