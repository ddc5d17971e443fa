/**
 * The audience of the authority's API. One of its own: a service that is given users' tokens must not be able to administrate with
 * them. It is a resource that must be declared, as any other, and its scopes are the permissions of services.
 */
export function apiAudience(issuer: string): string {
  return `${issuer}/api`;
}
