/** Parameters of an OAuth request: each at most once, an empty one counts as omitted, unknown ones are ignored (RFC 6749 §3.2). */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';

export type Form = Readonly<Record<string, string | undefined>>;

/** Throws `invalid_request`, and `invalid_target` for several resources: a token is for one. */
export function readForm(body: unknown): Form {
  const given = body instanceof URLSearchParams ? body : new URLSearchParams();
  const form: Record<string, string> = Object.create(null);
  for (const [name, value] of given) {
    if (value === '') continue;
    if (form[name] === undefined) form[name] = value;
    else if (name === 'resource' || name === 'audience')
      throw new AuthorityError('invalid_target', { detail: `${name}: a token is for one` });
    else throw invalidField(shown(name), 'unique', 'must be given once');
  }
  return form;
}

export function required(form: Form, name: string): string {
  const value = form[name];
  if (value === undefined) throw invalidField(name, 'required', 'is required');
  return value;
}

/** RFC 6749 §3.3; undefined when omitted. */
export function readScopes({ scope }: Form): readonly string[] | undefined {
  if (scope === undefined) return undefined;
  const words = scope.split(' ');
  if (words.some((word) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word)))
    throw new AuthorityError('invalid_scope', { detail: 'scope: must be words with one space between them' });
  return [...new Set(words)];
}

/** RFC 8707 and RFC 8693 §2.1; undefined when omitted. */
export function readAudience({ resource, audience }: Form): string | undefined {
  if (resource !== undefined && audience !== undefined && resource !== audience)
    throw new AuthorityError('invalid_target', { detail: 'resource and audience: a token is for one' });
  return resource ?? audience;
}

/** The name of a parameter is the caller's text. */
function shown(name: string): string {
  return name.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
}
