/** Hashes of one password as other systems store them, made by other programs than ours (Python, PHP's and Node's libraries). */
export const importedPassword = 'correct horse battery staple';

const salt = 'AAECAwQFBgcICQoLDA0ODw';
const sha512 = 'qkE2qnuVU/ItmAZAYMcbxps7D92B9jBzU4gpcSWlo3ZYPsVtM8rLPFVliAVm42FlRuJd6avxiwwxV55qHD+z5g';
const sha256 = 'AhEiPny5jm3U51k/u5lqx7pJDbVNGk3gBNbmI6yzG9PgMQ5v/gXG0OdhEd8eeDeJoCIg77fJ7NS/IGHx/H/Qag';
const argon2 = { salt: 't8z6HSY/9aRp604/B39vHQ', value: 'xrHpirUAeVVzsaqm5y7cYYBAumEFVZG8muDbVtNJYFI' };

export const importedHashes = {
  bcrypt: '$2b$04$s2YcqjmMd/GjZPNdMmkd0.UU2lQivitW9pxcp8del3.uAbRtZpiZO',
  'bcrypt of PHP': '$2y$04$s2YcqjmMd/GjZPNdMmkd0.UU2lQivitW9pxcp8del3.uAbRtZpiZO',
  argon2id: `$argon2id$v=19$m=7168,t=1,p=1$${argon2.salt}$${argon2.value}`,
  scrypt: `$scrypt$ln=10,r=8,p=1$${salt}$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2S/AXJlRU`,
  'PBKDF2 with SHA-256': `$pbkdf2-sha256$i=5000$${salt}$${sha256}`,
  'PBKDF2 with SHA-512, of Passlib': `$pbkdf2-sha512$5000$${salt}$${sha512.replaceAll('+', '.')}`,
  'PBKDF2 of Django': 'pbkdf2_sha256$5000$seasalt$wlmx/3xEvDrzw5RS8FfC3L8P7AAuboU7KzsJVyzC7wc=',
} as const;

const inText = (data: object) => JSON.stringify(data);
const password = (secret: object, data: object) => ({
  type: 'password',
  secretData: inText({ ...secret, additionalParameters: {} }),
  credentialData: inText(data),
});
const pbkdf2 = { hashIterations: 5000, additionalParameters: {} };

/** Credentials of a user, as Keycloak exports them. */
export const keycloakPasswords = {
  argon2: password(argon2, {
    hashIterations: 1,
    algorithm: 'argon2',
    additionalParameters: {
      ...{ hashLength: ['32'], memory: ['7168'], type: ['id'], version: ['1.3'], parallelism: ['1'] },
    },
  }),
  sha512: password({ salt: `${salt}==`, value: `${sha512}==` }, { ...pbkdf2, algorithm: 'pbkdf2-sha512' }),
  sha256: password({ salt: `${salt}==`, value: `${sha256}==` }, { ...pbkdf2, algorithm: 'pbkdf2-sha256' }),
} as const;
