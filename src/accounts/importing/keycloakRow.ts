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

/** Of Keycloak's own kinds; a row of another system may name anything. */
const credentialTypes = [
  ...'otp totp hotp webauthn webauthn-passwordless recovery-authn-codes password-history'.split(' '),
  ...'kerberos secret'.split(' '),
];
const pbkdf2Names: Readonly<Record<string, string>> = {
  pbkdf2: 'pbkdf2-sha1',
  'pbkdf2-sha256': 'pbkdf2-sha256',
  'pbkdf2-sha512': 'pbkdf2-sha512',
};

const inData = 'credentials.credentialData';

const taken = 'id email emailVerified enabled createdTimestamp credentials attributes'.split(' ');
/** Says nothing of the user that would be lost. */
const idle =
  'username totp disableableCredentialTypes notBefore access self origin userProfileMetadata'.split(' ');
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
    // Not the user name in its place: a user may choose one that is another's e-mail.
    email: normaliseEmail(requiredText(members, 'email')),
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
    ...new Set(
      others.map(({ type }) => `credentials.${credentialTypes.find((each) => each === type) ?? 'other'}`),
    ),
  ];
  return { user, leftOut };
};

function isSomething(value: unknown): boolean {
  return value !== undefined && value !== null && Object.keys(Object(value)).length > 0;
}

function credentialsOf(members: Members): readonly (Members & { readonly type: string })[] {
  const credentials = members['credentials'] ?? [];
  const isCredential = (each: unknown): each is Members & { readonly type: string } =>
    typeof each === 'object' && each !== null && 'type' in each && typeof each.type === 'string';
  if (Array.isArray(credentials) && credentials.every(isCredential)) return credentials;
  throw invalidField('credentials', 'type', 'must be an array of objects with a type each');
}

function passwordHashOf(credential: Members | undefined): string {
  if (credential === undefined) return '';
  const data = inner(credential, 'credentialData');
  const secret = inner(credential, 'secretData');
  const { salt, value } = secret;
  if (typeof salt !== 'string' || typeof value !== 'string')
    throw invalidField('credentials.secretData', 'format', 'must have a salt and a value');
  const start = data['algorithm'] === 'argon2' ? argon2Start(data) : pbkdf2Start(data);
  const hash = `${start}$${unpadded(salt)}$${unpadded(value)}`;
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

function pbkdf2Start(data: Members): string {
  const algorithm = textOf(data, 'algorithm', `${inData}.algorithm`) ?? '';
  const name = Object.hasOwn(pbkdf2Names, algorithm) ? pbkdf2Names[algorithm] : 'unknown';
  return `$${name}$i=${iterationsOf(data)}`;
}

function argon2Start(data: Members): string {
  const parameters = objectOf(data, 'additionalParameters', `${inData}.additionalParameters`) ?? {};
  const first = (name: string) => firstOf(parameters, name);
  const version = first('version') === '1.0' ? 16 : 19;
  const cost = `m=${first('memory')},t=${iterationsOf(data)},p=${first('parallelism')}`;
  return `$argon2${first('type')}$v=${version}$${cost}`;
}

function iterationsOf({ hashIterations }: Members): number {
  if (typeof hashIterations === 'number') return hashIterations;
  throw invalidField(`${inData}.hashIterations`, 'type', 'must be a number');
}

/** Keycloak writes each parameter as a list of one text. */
function firstOf(parameters: Members, name: string): string | undefined {
  const list = parameters[name];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (first === undefined || typeof first === 'string') return first;
  throw invalidField(`${inData}.additionalParameters.${name}`, 'type', 'must be a list of one string');
}
