/** Where the sign-in pages are. */
export const signInPath = '/sign-in';

export const stepPaths = { factor: '/sign-in/factor', start: '/sign-in/factor/start' } as const;

/** Pages of `accounts/`, for those who cannot sign in. */
export const helpPaths = { recovery: '/sign-in/recovery', register: '/sign-in/register' } as const;

/** Completes a sign-in with another provider. */
export const providerPath = '/sign-in/provider';

/** In place of a factor: the user has none, and adds an authenticator app. */
export const enrols = 'enrol';

/** The page to sign in, which goes on to `returnTo`, a path of ours. */
export function signInAddress(returnTo: string, loginHint: string | undefined): string {
  const hint = loginHint === undefined ? {} : { login_hint: loginHint };
  return `${signInPath}?${new URLSearchParams({ return_to: returnTo, ...hint })}`;
}
