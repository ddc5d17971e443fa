/** The page to sign in, which comes back to this view. */
export function signInAddress(): string {
  return `/sign-in?${new URLSearchParams({ return_to: location.pathname + location.search })}`;
}
