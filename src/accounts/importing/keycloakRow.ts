/** A user of a Keycloak export: one element of `users`, as one line. */
import { invalidField } from '@countersign/verifier/errors';
import { parseStrictObject } from '@countersign/verifier/tokens/strictJson';
import { readHash } from '../../login/passwords/importedHash.ts';
import { normaliseEmail } from '../email.ts';
import type { ReadFormat } from './importedUser.ts';
import {
  flagOf,
  idOf,
  localeOf,
  type Members,
  objectOf,
  refuseOthers,
  requiredText,
  textOf,
  timeOf,
} from './members.ts';

const taken = 'id username email emailVerified enabled createdTimestamp credentials attributes'.split(' ');
/** Says nothing of the user that would be lost. */
const idle = 'totp disableableCredentialTypes notBefore access self origin userProfileMetadata'.split(' ');
/** Has no place here. */
const known = [
  ...'firstName lastName realmRoles clientRoles applicationRoles groups requiredActions'.split(' '),
  ...'federatedIdentities federationLink clientConsents socialLinks serviceAccountClientId'.split(' '),
];

export const readKeycloakRow: ReadFormat = async (members, now) => {
  refuseOthers(members, [...taken, ...idle, ...known]);
  const attributes = objectOf(members, 'attributes') ?? {};
  const { locale, ...otherAttributes } = attributes;
  const credentials = credentialsOf(members);
  const created = members['createdTimestamp'] ?? undefined;
  if (created !== undefined && typeof created !== 'number')
    throw invalidField('createdTimestamp', 'type', 'must be a number of milliseconds');
  const user = {
    // Where the e-mail is the user name, exports may have only that.
    email: normaliseEmail(textOf(members, 'email') ?? requiredText(members, 'username')),
    passwordHash: passwordHashOf(credentials.find(({ type }) => type === 'password')),
    emailVerified: flagOf(members, 'emailVerified', false),
    createdAt: timeOf(created, 'createdTimestamp', now),
    disabled: !flagOf(members, 'enabled', true),
    id: idOf(members, 'id'),
    locale: localeOf(Array.isArray(locale) ? textOf({ locale: locale[0] }, 'locale') : undefined, 'locale'),
  };
  const others = credentials.filter(({ type }) => type !== 'password');
  const leftOut = [
    ...known.filter((name) => isSomething(members[name])),
    ...(isSomething(otherAttributes) ? ['attributes'] : []),
    ...new Set(others.map(({ type }) => `credentials.${String(type)}`)),
  ];
  return { user, leftOut };
};

function isSomething(value: unknown): boolean {
  return value !== undefined && value !== null && Object.keys(Object(value)).length > 0;
}

function credentialsOf(members: Members): readonly Members[] {
  const credentials = members['credentials'] ?? [];
  const isObject = (each: unknown): each is Members => typeof each === 'object' && each !== null;
  if (Array.isArray(credentials) && credentials.every(isObject)) return credentials;
  throw invalidField('credentials', 'type', 'must be an array of objects');
}

function passwordHashOf(credential: Members | undefined): string {
  if (credential === undefined) return '';
  const data = inner(credential, 'credentialData');
  const secret = inner(credential, 'secretData');
  const { salt, value } = secret;
  if (typeof salt !== 'string' || typeof value !== 'string')
    throw invalidField('credentials.secretData', 'format', 'must have a salt and a value');
  const end = `$${unpadded(salt)}$${unpadded(value)}`;
  const { algorithm, hashIterations: iterations } = data;
  const hash =
    algorithm === 'argon2'
      ? `${argon2Start(data)}${end}`
      : `$${algorithm === 'pbkdf2' ? 'pbkdf2-sha1' : String(algorithm)}$i=${String(iterations)}${end}`;
  readHash(hash, 'credentials.password');
  return hash;
}

/** JSON in a string. */
function inner(credential: Members, name: string): Members {
  const text = credential[name];
  const object = typeof text === 'string' ? parseStrictObject(Buffer.from(text)) : undefined;
  if (object !== undefined) return object;
  throw invalidField(`credentials.${name}`, 'format', 'must be a JSON object in a string');
}

const unpadded = (base64: string) => base64.replace(/=+$/, '');

function argon2Start({ hashIterations, additionalParameters }: Members): string {
  const parameters = Object(additionalParameters) as Record<string, unknown>;
  const first = (name: string) => String(Object(parameters[name])[0]);
  const version = first('version') === '1.0' ? 16 : 19;
  const cost = `m=${first('memory')},t=${String(hashIterations)},p=${first('parallelism')}`;
  return `$argon2${first('type')}$v=${version}$${cost}`;
}
