/** `id_token_hint`: an ID token of ours that a client sends back, to say which user or session it means. */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import { tokenTypes } from '@countersign/verifier/tokens/tokenTypes';
import { compactVerify, decodeProtectedHeader } from 'jose';
import type { KeyRing } from '../../keys/keyRing.ts';
import type { Form } from '../form.ts';

export interface IdTokenHintParts {
  readonly keyRing: Pick<KeyRing, 'verifier'>;
  readonly issuer: string;
}

export interface IdTokenHint {
  readonly sessionId: SessionId;
  readonly clientId: string;
  /** As the client knows the user (`subjectFor`). */
  readonly subject: string;
}

/**
 * An expired one is good enough (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2). Undefined without, and for one whose key is
 * gone. Throws `invalid_request` for one that is not ours, or another client's.
 */
export async function readIdTokenHint(
  { keyRing, issuer }: IdTokenHintParts,
  { id_token_hint: token, client_id: client }: Form,
): Promise<IdTokenHint | undefined> {
  if (token === undefined) return undefined;
  const invalid = () => invalidField('id_token_hint', 'genuine', 'is not an ID token of ours');
  try {
    const { kid = '', typ } = decodeProtectedHeader(token);
    const verifier = keyRing.verifier(kid);
    if (typ !== tokenTypes.id) throw invalid();
    if (verifier === undefined) return undefined;
    const { payload } = await compactVerify(token, verifier.publicKey, { algorithms: ['ES256'] });
    const { iss, aud, sid, sub } = JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>;
    if (iss !== issuer || [aud, sid, sub].some((each) => typeof each !== 'string')) throw invalid();
    if (client !== undefined && client !== aud)
      throw invalidField('client_id', 'same', 'is not the client of the ID token');
    return { sessionId: sid as SessionId, clientId: String(aud), subject: String(sub) };
  } catch (error) {
    if (error instanceof AuthorityError) throw error;
    throw invalid();
  }
}
