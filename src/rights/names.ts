/** What names of audiences, roles and scopes may be. Throws `invalid_request` that names the field and the rule. */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { tokenLimits } from '../tokens/limits.ts';
import { rightsLimits } from './limits.ts';
import { accountScope, type Resource } from './rights.ts';

const nameShape = new RegExp(`^[a-z0-9][a-z0-9._:-]{0,${rightsLimits.nameCharacters - 1}}$`);
/** RFC 6749 §3.3. */
const scopeShape = new RegExp(`^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,${rightsLimits.scopeCharacters}}$`);
const audienceShape = new RegExp(`^[\\x21-\\x7e]{1,${tokenLimits.audienceCharacters}}$`);
/** Scopes with a meaning of their own, here or in OpenID Connect Core §5.4 and §11. */
const reservedScopes: readonly string[] = [
  accountScope,
  ...['openid', 'profile', 'email', 'phone', 'address', 'offline_access'],
];

export function checkRoleName(name: string): string {
  if (nameShape.test(name)) return name;
  const rule = `must be 1 to ${rightsLimits.nameCharacters} of a-z, 0-9, '.', '_', ':' and '-', beginning with a letter or digit`;
  throw invalidField('role', 'format', rule);
}

export function checkAudience(audience: string): string {
  if (audienceShape.test(audience)) return audience;
  const rule = `must be 1 to ${tokenLimits.audienceCharacters} printable ASCII characters without spaces`;
  throw invalidField('audience', 'format', rule);
}

export function checkResource(
  { audience, scopes, everyone, accessTtlMs }: Resource,
  latestMs: number,
): Resource {
  checkAudience(audience);
  const distinct = [...new Set(scopes)].sort();
  for (const scope of distinct) {
    if (!scopeShape.test(scope))
      throw invalidField(
        'scopes',
        'format',
        `must be words of at most ${rightsLimits.scopeCharacters} characters`,
      );
    if (reservedScopes.includes(scope))
      throw invalidField('scopes', 'reserved', `${scope} has a meaning of its own`);
  }
  if (distinct.join(' ').length > rightsLimits.resourceScopesCharacters) {
    const rule = `must have at most ${rightsLimits.resourceScopesCharacters} characters together`;
    throw invalidField('scopes', 'length', rule);
  }
  const unknown = everyone.find((scope) => !distinct.includes(scope));
  if (unknown !== undefined) throw invalidField('everyone', 'declared', `${unknown} is none of the scopes`);
  if (accessTtlMs !== undefined && !(accessTtlMs >= 1000 && accessTtlMs <= latestMs))
    throw invalidField('lifetime', 'range', `must be 1s to ACCESS_TOKEN_TTL (${latestMs / 1000}s)`);
  return { audience, scopes: distinct, everyone: [...new Set(everyone)].sort(), accessTtlMs };
}

export function notFound(what: string): AuthorityError {
  return new AuthorityError('not_found', { detail: `There is no ${what}.` });
}
