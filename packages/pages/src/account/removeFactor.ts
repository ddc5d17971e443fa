/** Removes a way to sign in: every session for which it was proved ends. */
import type { App } from '../app/app.ts';
import type { Factor, Factors } from './answers.ts';
import type { AccountTexts } from './texts/texts.ts';

export async function removeFactor(
  { ask, act, api, texts: parts, formats }: App,
  { factors: texts }: AccountTexts,
  { factor, passkeys }: { readonly factor: Factor; readonly passkeys: Factors['passkeys'] },
): Promise<void> {
  const { id, name } = factor;
  const title = texts.removeNamed(name);
  if (!(await ask({ title, text: texts.removeQuestion, button: texts.remove, destroys: true }))) return;
  await act(async () => {
    const { effectMs } = await api.call('DELETE', `/auth/factors/${id}`);
    const after = effectMs === undefined ? undefined : formats.milliseconds(effectMs);
    await tellAccepted(passkeys, factor);
    return parts.inEffect(after);
  });
}

/**
 * The Signal API (WebAuthn Level 3 §5.1.10): browsers then hide passkeys that are not accepted any more. From the list of before: the
 * session that could ask for a new one may have ended.
 */
async function tellAccepted(passkeys: Factors['passkeys'], { passkey }: Factor): Promise<void> {
  const signals = window.PublicKeyCredential as unknown as
    | { signalAllAcceptedCredentials?: (options: object) => Promise<void> }
    | undefined;
  if (passkey === undefined || passkeys === null) return;
  const { rp_id: rpId, user_id: userId, all_accepted_credential_ids: before } = passkeys;
  const allAcceptedCredentialIds = before.filter((each) => each !== passkey.credential_id);
  await signals?.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds }).catch(() => {});
}
