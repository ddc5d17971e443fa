/**
 * Answers of browsers that are not what was asked for: bent, forged, replayed, malformed, huge. Each ceremony has one refusal,
 * alike for every reason, and nothing is ever a fault of the server.
 */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { Answer } from '../../support/clients.ts';
import { brief } from '../../support/loginTries.ts';
import { issuer, passkeysAt } from '../../support/passkeyUser.ts';
import { secondStepAt } from '../../support/secondFactor.ts';
import { sharedAuthority } from '../../support/sharedAuthority.ts';
import {
  type AssertionJson,
  type Bent,
  cborArray,
  cborBytes,
  cborMap,
  cborText,
} from '../../support/softAuthenticator.ts';

const [alice, bob] = ['alice@example.com', 'bob@example.com'];

async function setUp() {
  const authority = await sharedAuthority({ ISSUER: issuer });
  const { clock } = authority;
  const passkeys = passkeysAt(authority);
  const { passkey, firstToken } = await passkeys.withPasskey(alice);
  const other = await passkeys.withPasskey(bob);
  return {
    ...{ ...authority, ...passkeys, ...secondStepAt(authority), clock, passkey, firstToken },
    bobs: other.passkey,
    /** Call it last. */
    isSound: () => t.notMatch(authority.log(), /"level":(50|60)/, 'nothing failed in the server'),
    unlock: () => authority.authority.operations.unlockUser({ email: alice }, { name: 'operator' }),
  };
}

type World = Awaited<ReturnType<typeof setUp>>;

/** What differs, before and after signing. */
interface Row extends Bent {
  readonly change?: (answer: AssertionJson, world: World) => object;
}

const random = () => randomBytes(32).toString('base64url');

/** The answer with other members in its response. */
const response = (change: (response: AssertionJson['response']) => object) => (answer: AssertionJson) => ({
  ...answer,
  response: { ...answer.response, ...change(answer.response) },
});

function bytesOf(text: string, change: (bytes: Buffer) => Buffer): string {
  return change(Buffer.from(text, 'base64url')).toString('base64url');
}

const clientData = (text: string): Row => ({ clientData: text });

const rows: Readonly<Record<string, Row>> = {
  'another port': { origin: 'http://localhost:8081' },
  'another scheme': { origin: 'https://localhost:8080' },
  'another host': { origin: 'http://evil.test' },
  'the address in place of the name': { origin: 'http://127.0.0.1:8080' },
  'a sibling host': { origin: 'http://a.localhost:8080' },
  'another relying party': { rpId: 'evil.test' },
  'another challenge': { challenge: random() },
  'no challenge': { challenge: '' },
  'an answer to creation options': { type: 'webauthn.create' },
  'a frame of another site': { crossOrigin: true },
  'a frame of another site that is named': { crossOrigin: true, topOrigin: 'http://evil.test' },
  'a frame of a site, said not to be one': { topOrigin: 'http://evil.test' },
  'the user was not verified': { userVerified: false },
  'the user was not there': { userPresent: false },
  'the handle of another user': { userHandle: randomBytes(16).toString('base64url') },
  'a handle that is none': { userHandle: 'AA' },
  'an unknown credential': { change: (answer) => ({ ...answer, id: 'AAAA', rawId: 'AAAA' }) },
  'the credential of another user': {
    change: (answer, { bobs }) => ({
      ...response(() => ({ userHandle: bobs.userHandle }))(answer),
      ...{ id: bobs.id, rawId: bobs.id },
    }),
  },
  'two ids': { change: (answer) => ({ ...answer, rawId: 'AAAA' }) },
  'an id in another spelling': {
    change: (answer) => {
      const id = `${answer.id.slice(0, -1)}${answer.id.endsWith('A') ? 'B' : 'A'}`;
      return { ...answer, id, rawId: id };
    },
  },
  'client data that is no JSON': clientData('{'),
  'client data that is null': clientData('null'),
  'client data that is a list': clientData('[]'),
  'client data that is a number': clientData('1e999'),
  'client data without members': clientData('{}'),
  'client data a thousand deep': clientData('['.repeat(3_000)),
  'no authenticator data': { change: response(() => ({ authenticatorData: 'AA' })) },
  'authenticator data that is too short': {
    change: response(({ authenticatorData }) => ({
      authenticatorData: bytesOf(authenticatorData, (bytes) => bytes.subarray(0, 36)),
    })),
  },
  'authenticator data with more': {
    change: response(({ authenticatorData }) => ({
      authenticatorData: bytesOf(authenticatorData, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])),
    })),
  },
  'extensions that nest a thousand lists': {
    change: response(({ authenticatorData }) => ({
      authenticatorData: bytesOf(authenticatorData, (bytes) => {
        const flagged = Buffer.from(bytes);
        flagged[32] = 0x85;
        return Buffer.concat([flagged, Buffer.alloc(5_000, 0x81)]);
      }),
    })),
  },
  'no signature': { change: response(() => ({ signature: 'AA' })) },
  'a signature that is too long': { change: response(() => ({ signature: 'A'.repeat(8_192) })) },
  'a signature of zeros': {
    change: response(() => ({ signature: Buffer.from('3006020100020100', 'hex').toString('base64url') })),
  },
  'a signature of another key': {
    change: (answer, { device, bobs }) => {
      const { challenge } = JSON.parse(Buffer.from(answer.response.clientDataJSON, 'base64url').toString());
      const { signature } = device.get(bobs, { challenge, rpId: 'localhost' }).response;
      return response(() => ({ signature }))(answer);
    },
  },
};

/** One bit of each byte, one byte in `stride`. */
function flips(member: 'signature' | 'authenticatorData' | 'clientDataJSON', length: number, stride: number) {
  const at = Array.from({ length: Math.ceil(length / stride) }, (_, index) => index * stride);
  return at.map((index): [string, Row] => [
    `a bit of byte ${index} of ${member}`,
    {
      change: response((answered) => ({
        [member]: bytesOf(answered[member], (bytes) => {
          const flipped = Buffer.from(bytes);
          flipped[index] = (flipped[index] ?? 0) ^ (1 << (index & 7));
          return flipped;
        }),
      })),
    },
  ]);
}

const flipped = [
  ...flips('signature', 70, 7),
  ...flips('authenticatorData', 37, 3),
  ...flips('clientDataJSON', 120, 11),
];

const table: readonly (readonly [string, Row])[] = [...Object.entries(rows), ...flipped];

function bent(world: World, options: { challenge: string; rpId: string }, { change, ...row }: Row): object {
  const answer = world.device.get(world.passkey, options, row);
  return change === undefined ? answer : change(answer, world);
}

/** Everything that a caller sees but the request's id. */
function seen({ status, body, headers }: Answer): string {
  const { request_id: _, ...said } = body;
  return JSON.stringify({ status, said, challenge: headers.get('www-authenticate') });
}

t.test('as first factor', async (t) => {
  const world = await setUp();
  const { startLogin, finishLogin, passkeyLogin, passkey } = world;
  const answers = new Set<string>();
  for (const [name, row] of table) {
    const { login_token: loginToken, options } = await startLogin();
    const answer = await finishLogin(loginToken, bent(world, options, row));
    t.equal(brief(answer), '401 invalid_credentials', name);
    answers.add(seen(answer));
  }
  const { login_token: foreign, options } = await startLogin();
  const { options: another } = await startLogin();
  const elsewhere = await finishLogin(foreign, world.device.get(passkey, another));
  t.equal(brief(elsewhere), '401 invalid_credentials', 'the challenge of another login');
  answers.add(seen(elsewhere));
  const late = await finishLogin(foreign, world.device.get(passkey, options));
  t.equal(brief(late), '401 invalid_credentials', 'the login token is used up by then');
  answers.add(seen(late));
  const { login_token: nameless, options: unnamed } = await startLogin();
  const silent = await finishLogin(nameless, world.device.get(passkey, unnamed, { userHandle: undefined }));
  t.equal(brief(silent), '401 invalid_credentials', 'without a handle, nobody is named');
  answers.add(seen(silent));
  t.equal(answers.size, 1, 'all alike');
  t.equal((await passkeyLogin(passkey)).status, 200, 'the passkey still works');
  world.isSound();
});

t.test('as second factor', async (t) => {
  const world = await setUp();
  const { begin, finish, startFactor, unlock, device, passkey } = world;
  const answers = new Set<string>();
  for (const [name, row] of table) {
    const loginToken = await begin(alice);
    const answer = await finish(loginToken, { credential: bent(world, await startFactor(loginToken), row) });
    t.equal(brief(answer), '401 invalid_code', name);
    answers.add(seen(answer));
    await unlock();
  }
  const [one, two] = [await begin(alice), await begin(alice)];
  const [first, second] = [await startFactor(one), await startFactor(two)];
  const crossed = await finish(one, { credential: device.get(passkey, second) });
  t.equal(brief(crossed), '401 invalid_code', 'the challenge of another login');
  answers.add(seen(crossed));
  const restarted = await startFactor(one);
  const replaced = await finish(one, { credential: device.get(passkey, first) });
  t.equal(brief(replaced), '401 invalid_code', 'a challenge that was replaced');
  answers.add(seen(replaced));
  const right = device.get(passkey, restarted);
  t.equal((await finish(one, { credential: right })).status, 200);
  const again = await finish(one, { credential: right });
  t.equal(brief(again), '401 invalid_code', 'a second use');
  answers.add(seen(again));
  t.equal(answers.size, 1, 'all alike');
  world.isSound();
});

t.test('in a step-up', async (t) => {
  const world = await setUp();
  const { startStepUp, firstToken: token, call, unlock, begin, startFactor, device, passkey, clock } = world;
  const stepUp = (credential: object) => call('POST', '/auth/step-up', { token, body: { credential } });
  const answers = new Set<string>();
  for (const [name, row] of Object.entries(rows)) {
    const answer = await stepUp(bent(world, await startStepUp(token), row));
    t.equal(brief(answer), '401 invalid_code', name);
    answers.add(seen(answer));
    await unlock();
  }
  await startStepUp(token);
  const ofLogin = await stepUp(device.get(passkey, await startFactor(await begin(alice))));
  t.equal(brief(ofLogin), '401 invalid_code', 'the challenge of a login');
  answers.add(seen(ofLogin));
  const options = await startStepUp(token);
  clock.shift(10 * 60_000 + 1);
  const late = await stepUp(device.get(passkey, options));
  t.equal(brief(late), '401 invalid_code', 'a challenge that expired');
  answers.add(seen(late));
  t.equal(answers.size, 1, 'all alike');
  world.isSound();
});

t.test('of a new passkey', async (t) => {
  const world = await setUp();
  const { register, login, call, creationOptions, device, clock, passkey } = world;
  await register('carol@example.com');
  const { access_token: token } = await login('carol@example.com');
  const { access_token: elsewhere } = await login('carol@example.com');
  const post = (credential: object, by = token) =>
    call('POST', '/auth/factors/passkeys', { token: by, body: { name: 'x', credential } });
  const answers = new Set<string>();
  const refused = (answer: Answer, name: string) => {
    t.match(answer, { status: 400, body: { errors: [{ field: 'credential', rule: 'verified' }] } }, name);
    answers.add(seen(answer));
  };
  const attestation = async (bentBy: Bent) => device.create(await creationOptions(token), bentBy).answer;
  const bad: Readonly<Record<string, Bent>> = {
    ...Object.fromEntries(
      Object.entries(rows).filter(([, row]) => row.change === undefined && !('userHandle' in row)),
    ),
    'an answer to creation options': { type: 'webauthn.get' },
  };
  for (const [name, row] of Object.entries(bad)) refused(await post(await attestation(row)), name);

  const changed: Readonly<Record<string, (object: Buffer) => Buffer>> = {
    'no attestation object': () => Buffer.from([0]),
    'lists in lists': () => Buffer.alloc(6_000, 0x81),
    'a map of a billion members': () => Buffer.from('ba3fffffff', 'hex'),
    'a text of a gigabyte': () => Buffer.from('7a3fffffff41', 'hex'),
    'another kind of authenticator data': () => cborMap([[cborText('authData'), cborText('x')]]),
    'an attestation that is cut': (object) => object.subarray(0, object.length - 40),
    'a list': () => cborArray([cborBytes(Buffer.alloc(200))]),
  };
  for (const [name, change] of Object.entries(changed)) {
    const { response: answered, ...answer } = await attestation({});
    const attestationObject = bytesOf(answered.attestationObject, change);
    refused(await post({ ...answer, response: { ...answered, attestationObject } }), name);
  }
  const { response: answered, ...answer } = await attestation({});
  refused(await post({ ...answer, id: passkey.id, rawId: passkey.id, response: answered }), 'another id');

  refused(await post(await attestation({}), elsewhere), 'the challenge of another session');
  const options = await creationOptions(token);
  clock.shift(5 * 60_000 + 1);
  refused(await post(device.create(options).answer), 'a challenge that expired');
  const good = await attestation({});
  t.equal((await post(good)).status, 201);
  const { factors } = (await call('GET', '/auth/factors', { token })).body;
  t.equal(factors.length, 1);
  t.equal(answers.size, 1, 'all alike');
  world.isSound();
});

t.test('a credential is registered once', async (t) => {
  const { register, login, call, creationOptions, device, passkey, passkeyLogin, isSound } = await setUp();
  await register('carol@example.com');
  const { access_token: token } = await login('carol@example.com');
  const post = (by: string, credential: object) =>
    call('POST', '/auth/factors/passkeys', { token: by, body: { name: 'x', credential } });
  const credentialId = Buffer.from(passkey.id, 'base64url');
  const taken = device.create(await creationOptions(token), { credentialId }).answer;
  t.match(
    await post(token, taken),
    { status: 400, body: { errors: [{ rule: 'verified' }] } },
    'by somebody else',
  );
  const { access_token: own } = (await passkeyLogin(passkey)).body;
  const again = device.create(await creationOptions(own), { credentialId }).answer;
  t.match(await post(own, again), { status: 400, body: { errors: [{ rule: 'verified' }] } }, 'by its owner');
  t.equal((await passkeyLogin(passkey)).status, 200, 'it stays as it was');

  const good = device.create(await creationOptions(own)).answer;
  const answers = await Promise.all([post(own, good), post(own, good), post(own, good)]);
  t.strictSame(
    answers.map(({ status }) => status).sort(),
    [201, 400, 400],
    'one answer, sent three times at once',
  );
  isSound();
});

t.test('one login token, one login', async (t) => {
  const { startLogin, finishLogin, device, passkey, begin, clock, finish, call } = await setUp();
  const { login_token: loginToken, options } = await startLogin();
  const credential = device.get(passkey, options);
  const answers = await Promise.all(Array.from({ length: 5 }, () => finishLogin(loginToken, credential)));
  t.strictSame(
    answers.map(brief).sort(),
    ['200', ...Array(4).fill('401 invalid_credentials')],
    'five at once',
  );
  const { access_token: token } = answers.find(({ status }) => status === 200)?.body ?? {};
  t.equal((await call('GET', '/auth/me', { token })).status, 200, 'a repeated answer is no cloned passkey');
  t.equal(brief(await finishLogin(loginToken, credential)), '401 invalid_credentials', 'a replay');

  const second = await begin(alice);
  t.equal(brief(await finishLogin(second, credential)), '401 invalid_credentials', 'of a second step');
  const { login_token: first, options: others } = await startLogin();
  const own = device.get(passkey, others);
  t.equal(brief(await finish(first, { credential: own })), '401 invalid_code', 'in a second step');
  for (const text of ['x', 'ot_', `ot_${'A'.repeat(43)}`, `ot_${'A'.repeat(42)}B`, `${first} `])
    t.equal(brief(await finishLogin(text, own)), '401 invalid_credentials', text);
  clock.shift(5 * 60_000 + 1);
  t.equal(brief(await finishLogin(first, own)), '401 invalid_credentials', 'expired');
});

t.test('what has not the form of an answer is told so', async (t) => {
  const world = await setUp();
  const { startLogin, finishLogin, begin, finish, call, firstToken: token, device, passkey, isSound } = world;
  const good = device.get(passkey, (await startLogin()).options);
  const malformed: Readonly<Record<string, unknown>> = {
    ...{ null: null, text: 'x', number: 1, list: [], nothing: {} },
    'no response': { ...good, response: undefined },
    'another type': { ...good, type: 'password' },
    'a numeric id': { ...good, id: 1 },
    'an empty id': { ...good, id: '', rawId: '' },
    'an endless id': { ...good, id: 'A'.repeat(1_365), rawId: 'A' },
    'an id with padding': { ...good, id: `${good.id}=` },
    'an id of the other alphabet': { ...good, id: 'a+b/', rawId: 'a+b/' },
    ...Object.fromEntries(
      ['clientDataJSON', 'authenticatorData', 'signature'].flatMap((member) =>
        [undefined, null, 1, '', 'a b', 'ä', '１２', 'A'.repeat(8_193), []].map((value) => [
          `${member}: ${String(value).slice(0, 10)}`,
          { ...good, response: { ...good.response, [member]: value } },
        ]),
      ),
    ),
    'an endless handle': { ...good, response: { ...good.response, userHandle: 'A'.repeat(87) } },
  };
  for (const [name, credential] of Object.entries(malformed)) {
    t.equal(brief(await finishLogin('ot_x', credential)), '400 invalid_request', `first factor: ${name}`);
    t.equal(brief(await finish('ot_x', { credential })), '400 invalid_request', `second factor: ${name}`);
    const added = await call('POST', '/auth/factors/passkeys', { token, body: { name: 'x', credential } });
    t.ok([400, 401].includes(added.status), `new: ${name}: ${added.status}`);
  }
  const huge = await finishLogin('ot_x', { ...good, more: 'x'.repeat(20_000) });
  t.equal(brief(huge), '413 payload_too_large');
  const loginToken = await begin(alice);
  const two = await finish(loginToken, { credential: good, totp: '123456' });
  t.equal(brief(two), '400 invalid_request', 'two proofs at once');
  const more = {
    ...good,
    clientExtensionResults: { credProps: { rk: true } },
    authenticatorAttachment: null,
  };
  t.equal(brief(await finishLogin('ot_x', more)), '401 invalid_credentials', 'members of later browsers');
  isSound();
});
