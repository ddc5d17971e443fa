/** What a script adds to the sign-in pages: passkeys, by a button and in the list that the browser offers at the e-mail field. */
import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
} from '@simplewebauthn/browser';

type Options = Parameters<typeof startAuthentication>[0]['optionsJSON'];

const place = document.getElementById('passkey');
if (place !== null && browserSupportsWebAuthn()) offer(place);

async function offer(place: HTMLElement): Promise<void> {
  // Set by the authority: a path of its own, and the login that waits for a second factor, if it is one.
  const { returnTo = '/', loginToken = '', refused = '' } = place.dataset;
  const said = document.createElement('p');
  said.setAttribute('role', 'alert');
  const signIn = async (fromList: boolean) => {
    try {
      await (loginToken === '' ? byPasskey(fromList) : bySecondFactor(loginToken));
      location.replace(returnTo);
    } catch {
      // The list was put away, for instance because the button was pressed.
      if (fromList) return;
      place.before(said);
      said.textContent = refused;
    }
  };
  place.querySelector('button')?.addEventListener('click', () => signIn(false));
  place.hidden = false;
  if (loginToken === '' && (await browserSupportsWebAuthnAutofill())) await signIn(true);
}

async function byPasskey(useBrowserAutofill: boolean): Promise<void> {
  const started = await post<{ login_token: string; options: Options }>('/auth/login/passkey/options', {});
  const credential = await startAuthentication({ optionsJSON: started.options, useBrowserAutofill });
  await post('/auth/login/passkey?cookie', { login_token: started.login_token, credential });
}

async function bySecondFactor(loginToken: string): Promise<void> {
  const body = { login_token: loginToken, factor: 'passkey' };
  const { options } = await post<{ options: Options }>('/auth/login/factor/start', body);
  const credential = await startAuthentication({ optionsJSON: options });
  await post('/auth/login/factor?cookie', { login_token: loginToken, credential });
}

/** Throws the code of a refusal. */
async function post<Answer>(path: string, body: object): Promise<Answer> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'countersign-csrf': '1' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Answer & { readonly code?: string };
  if (!response.ok) throw new Error(answer.code);
  return answer;
}
