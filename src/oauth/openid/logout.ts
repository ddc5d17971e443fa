/**
 * RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0). An ID token names the session: then the browser's session and all that
 * was started from it end with effect, without a question. Without one, the user is asked, since anybody can send a browser here.
 */
import type { Clock } from '@countersign/verifier/clock';
import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type ServiceId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import { type RevokingParts, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import { isLive } from '../../services/service.ts';
import type { FindCookieSession } from '../../sessions/browserSession.ts';
import { endSelected } from '../../sessions/endSessions.ts';
import type { Session } from '../../sessions/session.ts';
import type { Form } from '../form.ts';
import { type IdTokenHint, type IdTokenHintParts, readIdTokenHint } from './idTokenHint.ts';

export interface SignOutParts extends RevokingParts, IdTokenHintParts {
  readonly clock: Clock;
  readonly findCookieSession: FindCookieSession;
}

export interface SignedOut {
  /** Where the application wants its user back; undefined without. */
  readonly to: string | undefined;
}

export interface SignOut {
  /** `ask`: nothing has ended yet. Throws what must be shown. */
  byRequest(form: Form, refreshToken: string | undefined, actor: Actor): Promise<SignedOut | 'ask'>;
  /** The user said so. */
  confirmed(form: Form, refreshToken: string | undefined, actor: Actor): Promise<SignedOut>;
}

export function createSignOut(parts: SignOutParts): SignOut {
  const { database, clock, findCookieSession } = parts;
  const end = async (sessions: readonly (Session | undefined)[], actor: Actor) => {
    const sessionIds = sessions.flatMap((each) =>
      each === undefined ? [] : [each.id, each.startedFrom ?? []].flat(),
    );
    if (sessionIds.length === 0) return;
    const now = clock.now();
    const ending = { reason: 'logout', actor, now } as const;
    await revokeAndPropagate(parts, now, (stores) => endSelected(stores, { sessionIds }, ending));
  };
  return {
    async byRequest(form, refreshToken, actor) {
      const hint = await readIdTokenHint(parts, form);
      const to = await returnAddress(parts, form, hint);
      const browser = await findCookieSession(refreshToken);
      if (hint === undefined) return browser === undefined ? { to } : 'ask';
      const named = await database.sessions.find(hint.sessionId);
      // Of somebody else, or so old that its session is gone.
      if (browser !== undefined && browser.userId !== named?.userId) return 'ask';
      await end([named, browser], actor);
      return { to };
    },

    async confirmed(form, refreshToken, actor) {
      const to = await returnAddress(parts, form, await readIdTokenHint(parts, form));
      await end([await findCookieSession(refreshToken)], actor);
      return { to };
    },
  };
}

async function returnAddress(
  { database }: SignOutParts,
  { post_logout_redirect_uri: uri, client_id: named, state }: Form,
  hint: IdTokenHint | undefined,
): Promise<string | undefined> {
  if (uri === undefined) return undefined;
  const id = hint?.clientId ?? named ?? '';
  const client = isUuid(id) ? await database.services.find(id as ServiceId) : undefined;
  if (client === undefined || !isLive(client) || !client.postLogoutRedirectUris.includes(uri))
    throw invalidField('post_logout_redirect_uri', 'registered', 'is not one that the client registered');
  const to = new URL(uri);
  if (state !== undefined) to.searchParams.append('state', state);
  return to.href;
}
