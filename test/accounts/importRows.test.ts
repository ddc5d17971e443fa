/** Rows of an import file that are hostile: each is refused alone, and nothing in it reaches the terminal raw. */
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { keycloakPasswords } from '../support/importedHashes.ts';

const { argon2, sha256 } = keycloakPasswords;
const deep = '['.repeat(15_000) + ']'.repeat(15_000);
const credential = (data: string, more: object = {}) =>
  JSON.stringify({ email: 'x@example.com', credentials: [{ ...sha256, credentialData: data, ...more }] });
const of = (name: string, value: string) =>
  `{"algorithm":"pbkdf2-sha256","hashIterations":5000,"additionalParameters":{}}`.replace(
    new RegExp(`"${name}":[^,]+`),
    `"${name}":${value}`,
  );
const argon2With = (parameters: string) =>
  credential(`{"algorithm":"argon2","hashIterations":1,"additionalParameters":${parameters}}`);

/** [what, row, message]. */
const refused: readonly (readonly [string, string, RegExp | string])[] = [
  [
    'a type that is an object',
    '{"email":"x@example.com","credentials":[{"type":{"toString":1}}]}',
    'credentials: must be an array of objects with a type each',
  ],
  ['a type nested deeply', `{"email":"x@example.com","credentials":[{"type":${deep}}]}`, /^credentials: /],
  ['credentials nested deeply', `{"email":"x@example.com","credentials":${deep}}`, /^credentials: /],
  ['an e-mail nested deeply', `{"email":${deep}}`, 'email: must be a string'],
  [
    'an algorithm that is an object',
    credential(of('algorithm', '{"toString":1}')),
    'credentials.credentialData.algorithm: must be a string',
  ],
  ['an algorithm of the prototype', credential(of('algorithm', '"toString"')), /^credentials.password: /],
  [
    'iterations that are an object',
    credential(of('hashIterations', '{"toString":1}')),
    'credentials.credentialData.hashIterations: must be a number',
  ],
  [
    'iterations nested deeply',
    credential(of('hashIterations', '['.repeat(7_000) + ']'.repeat(7_000))),
    'credentials.credentialData.hashIterations: must be a number',
  ],
  [
    'a parameter that is an object',
    argon2With('{"memory":[{"toString":1}]}'),
    'credentials.credentialData.additionalParameters.memory: must be a list of one string',
  ],
  [
    'a parameter nested deeply',
    argon2With(`{"version":${'['.repeat(7_000) + ']'.repeat(7_000)}}`),
    'credentials.credentialData.additionalParameters.version: must be a list of one string',
  ],
  ['no parameters', argon2With('null'), /^credentials.password: must be a hash/],
  ['a list as parameters', argon2With('[]'), /additionalParameters: must be an object/],
  [
    'a salt that is an object',
    JSON.stringify({
      email: 'x@example.com',
      credentials: [{ ...argon2, secretData: '{"salt":{},"value":"x"}' }],
    }),
    /^credentials.secretData: /,
  ],
  [
    'a name that steers a terminal',
    JSON.stringify({ email: 'x@example.com', '\u001b[2J\u009b\u202ecod': 1 }),
    '\\u{1b}[2J\\u{9b}\\u{202e}cod: is no field of this format',
  ],
  [
    'a long name',
    JSON.stringify({ email: 'x@example.com', ['n'.repeat(10_000)]: 1 }),
    `${'n'.repeat(100)}…: is no field of this format`,
  ],
];

t.test('each is refused with its field and rule, and the rest is done', async (t) => {
  const { authority, stop } = await startAuthority();
  t.teardown(stop);
  const lines = refused.flatMap(([, row], index) => [row, `{"email":"good${index}@example.com"}`]);
  const batch = { lines, firstLine: 1, format: 'keycloak', dryRun: false } as const;
  const result = await authority.operations.importUsers(batch, { name: 'operator' });
  t.equal(result.created, refused.length);
  t.equal(result.refused.length, refused.length);
  for (const [index, [what, , message]] of refused.entries())
    t.match(result.refused[index], { line: 2 * index + 1, message }, what);
});

t.test('only known types of credentials are named', async (t) => {
  const { authority, stop } = await startAuthority();
  t.teardown(stop);
  const credentials = ['otp', '\u001b[2J', '\u202e', 'x'.repeat(1_000)].map((type) => ({ type }));
  const lines = [JSON.stringify({ email: 'x@example.com', credentials })];
  const batch = { lines, firstLine: 1, format: 'keycloak', dryRun: true } as const;
  const { leftOut } = await authority.operations.importUsers(batch, { name: 'operator' });
  t.strictSame(leftOut, { 'credentials.otp': 1, 'credentials.other': 1 });
});
