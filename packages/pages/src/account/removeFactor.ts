/** Removes a way to sign in: every session for which it was proved ends. */
import type { App } from '../app/app.ts';
import type { Factors } from './answers.ts';
import type { AccountTexts } from './texts/texts.ts';

export async function removeFactor(
  { ask, act, api, texts: parts, formats }: App,
  { factors: texts }: AccountTexts,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<void> {
  const title = texts.removeNamed(name);
  if (!(await ask({ title, text: texts.removeQuestion, button: texts.remove, destroys: true }))) return;
  await act(async () => {
    const { effectMs } = await api.call('DELETE', `/auth/factors/${id}`);
    const after = effectMs === undefined ? undefined : formats.milliseconds(effectMs);
    await tellAccepted(await api.get<Factors>('/auth/factors'));
    return parts.inEffect(after);
  });
}

/** The Signal API (WebAuthn Level 3 §5.1.10): browsers then hide passkeys that are not accepted any more. */
async function tellAccepted({ passkeys }: Factors): Promise<void> {
  const signals = window.PublicKeyCredential as unknown as
    | { signalAllAcceptedCredentials?: (options: object) => Promise<void> }
    | undefined;
  if (passkeys === null || signals?.signalAllAcceptedCredentials === undefined) return;
  const { rp_id: rpId, user_id: userId, all_accepted_credential_ids: allAcceptedCredentialIds } = passkeys;
  await signals.signalAllAcceptedCredentials({ rpId, userId, allAcceptedCredentialIds }).catch(() => {});
}
