/**
 * RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0). An ID token names the session: then the browser's session and all that
 * was started from it end with effect, without a question. Without one, the user is asked, since anybody can send a browser here.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { isUuid, type ServiceId, type SessionId } from '@countersign/verifier/ids';
import { tokenTypes } from '@countersign/verifier/tokens/tokenTypes';
import { compactVerify, decodeProtectedHeader } from 'jose';
import type { Actor } from '../../audit/auditEvent.ts';
import type { KeyRing } from '../../keys/keyRing.ts';
import { type RevokingParts, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { FindCookieSession } from '../../sessions/browserSession.ts';
import { endSelected } from '../../sessions/endSessions.ts';
import type { Session } from '../../sessions/session.ts';
import type { Form } from '../form.ts';

export interface SignOutParts extends RevokingParts {
  readonly clock: Clock;
  readonly keyRing: Pick<KeyRing, 'verifier'>;
  readonly findCookieSession: FindCookieSession;
  readonly issuer: string;
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
      const hint = await readHint(parts, form);
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
      const to = await returnAddress(parts, form, await readHint(parts, form));
      await end([await findCookieSession(refreshToken)], actor);
      return { to };
    },
  };
}

interface Hint {
  readonly sessionId: SessionId;
  readonly clientId: string;
}

/** An expired ID token is good enough to log out (RP-Initiated Logout §2). Undefined for one whose key is gone. */
async function readHint(
  { keyRing, issuer }: SignOutParts,
  { id_token_hint: token, client_id: clientId }: Form,
): Promise<Hint | undefined> {
  if (token === undefined) return undefined;
  const invalid = () => invalidField('id_token_hint', 'genuine', 'is not an ID token of ours');
  try {
    const { kid = '', typ } = decodeProtectedHeader(token);
    const verifier = keyRing.verifier(kid);
    if (typ !== tokenTypes.id) throw invalid();
    if (verifier === undefined) return undefined;
    const { payload } = await compactVerify(token, verifier.publicKey, { algorithms: ['ES256'] });
    const { iss, aud, sid } = JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>;
    if (iss !== issuer || typeof aud !== 'string' || typeof sid !== 'string') throw invalid();
    if (clientId !== undefined && clientId !== aud)
      throw invalidField('client_id', 'same', 'is not the client of the ID token');
    return { sessionId: sid as SessionId, clientId: aud };
  } catch (error) {
    if (error instanceof AuthorityError) throw error;
    throw invalid();
  }
}

async function returnAddress(
  { database }: SignOutParts,
  { post_logout_redirect_uri: uri, client_id: named, state }: Form,
  hint: Hint | undefined,
): Promise<string | undefined> {
  if (uri === undefined) return undefined;
  const id = hint?.clientId ?? named ?? '';
  const client = isUuid(id) ? await database.services.find(id as ServiceId) : undefined;
  const isLive = client?.revokedAt === undefined && client?.disabledAt === undefined;
  if (!isLive || client?.postLogoutRedirectUris.includes(uri) !== true)
    throw invalidField('post_logout_redirect_uri', 'registered', 'is not one that the client registered');
  const to = new URL(uri);
  if (state !== undefined) to.searchParams.append('state', state);
  return to.href;
}
