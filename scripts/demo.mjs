/**
 * `npm run demo`: the whole story against a running authority, one line per step. Takes the addresses from HTTP_HOST,
 * HTTP_PORT, GRPC_HOST and GRPC_PORT, and the service token from SERVICE_TOKEN or DATA_DIR/service-token.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { credentials, loadPackageDefinition, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { root } from './tool.mjs';

const {
  HTTP_HOST = '127.0.0.1',
  HTTP_PORT = '8080',
  GRPC_HOST = '127.0.0.1',
  GRPC_PORT = '50051',
  DATA_DIR = './data',
  SERVICE_TOKEN,
} = process.env;
const http = `http://${reachable(HTTP_HOST)}:${HTTP_PORT}`;
const grpc = `${reachable(GRPC_HOST)}:${GRPC_PORT}`;
const deadlineMilliseconds = 10_000;

/** Ends the demo with a one-line reason. */
class Stop extends Error {}

try {
  await tellStory(await connect());
  console.log('\nEvery step was as expected.');
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function tellStory(tokenService) {
  const email = `demo-${randomBytes(6).toString('hex')}@example.com`;
  const password = randomBytes(18).toString('base64url');
  const login = () => post('/auth/login', { email, password, device_name: 'Demo' });
  const refresh = ({ refresh_token }) => post('/auth/refresh', { refresh_token });
  const me = ({ access_token }) => call('GET', '/auth/me', { token: access_token });
  const isRevoked = ({ access_token }) => tokenService('IsRevoked', { jti: jtiOf(access_token) });
  const introspect = ({ access_token }) => tokenService('Introspect', { token: access_token });

  await step('register a new user', () => post('/auth/register', { email, password }), { status: 201 });
  const first = await step('log in: the first session', login, { status: 200 });
  await step('GET /auth/me', () => me(first), { status: 200 });
  await step('IsRevoked', () => isRevoked(first), { revoked: false });
  const second = await step('log in: the second session', login, { status: 200 });
  const next = await step('refresh the first session', () => refresh(first), { status: 200 });
  const { refresh_token } = next;
  const again = async () => {
    const answer = await refresh(first);
    return { ...answer, successor: answer.refresh_token === refresh_token ? 'the same' : 'another' };
  };
  await step('the old refresh token within grace', again, { status: 200, successor: 'the same' });

  await step('log out the first session', () => post('/auth/logout', { refresh_token }), { status: 204 });
  await step('IsRevoked, at once', () => isRevoked(first), { revoked: true, reason: 'REASON_LOGOUT' });
  await step('IsRevoked of the refreshed token', () => isRevoked(next), { revoked: true });
  await step('Introspect', () => introspect(next), { active: false });
  await step('GET /auth/me', () => me(next), { status: 401, code: 'invalid_token' });
  await step('refresh', () => refresh(next), { status: 401, code: 'invalid_grant' });

  await step('the second session still works', () => me(second), { status: 200 });
  const bearer = { token: second.access_token };
  await step('log out everywhere', () => call('POST', '/auth/logout-all', bearer), { status: 204 });
  const [one, other] = [jtiOf(next.access_token), jtiOf(second.access_token)];
  const both = () => tokenService('BatchIsRevoked', { jtis: [one, other] }).then(revokedOfEach);
  await step('BatchIsRevoked of both sessions', both, { revoked: [true, true] });
  await step('refresh the second session', () => refresh(second), { status: 401, code: 'invalid_grant' });
}

/** Runs one step, prints its duration and result, and stops the demo on an unexpected result. */
async function step(title, act, expected) {
  const started = performance.now();
  const seen = await act();
  const milliseconds = (performance.now() - started).toFixed(1);
  const shown = Object.keys(expected).map((name) => `${name} ${short(seen[name])}`);
  console.log(`${milliseconds.padStart(7)} ms  ${title.padEnd(44)} ${shown.join(', ')}`);
  for (const [name, value] of Object.entries(expected)) {
    if (isDeepStrictEqual(seen[name], value)) continue;
    const why = seen.detail ?? seen.title ?? '';
    throw new Stop(`"${title}" is not as expected: ${name} should be ${short(value)}. ${why}`.trim());
  }
  return seen;
}

function short(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function post(path, body) {
  return call('POST', path, { body });
}

/** Returns the JSON body's members, with the status. */
async function call(method, path, { body, token }) {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const signal = AbortSignal.timeout(deadlineMilliseconds);
  const request = { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${http}${path}`, request).catch(() => nobodyAnswers(http));
  const text = await response.text();
  return { ...parse(text || '{}'), status: response.status };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Stop(`What answers on ${http} is not Countersign.`);
  }
}

/** Returns a function that calls a TokenService method with the service token. */
async function connect() {
  const definition = loadSync('countersign/v1/token_service.proto', {
    includeDirs: [join(root, 'proto')],
    longs: Number,
    enums: String,
    defaults: true,
  });
  const { TokenService } = loadPackageDefinition(definition).countersign.v1;
  const client = new TokenService(grpc, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${await serviceToken()}`);
  return (method, request) =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + deadlineMilliseconds;
      client[method](request, metadata, { deadline }, (error, response) => {
        if (error === null) return resolve(response);
        if (error.code === status.UNAVAILABLE) return nobodyAnswers(grpc, reject);
        reject(new Stop(`${method} answered ${status[error.code]}: ${error.details}`));
      });
    });
}

async function serviceToken() {
  // Checked first: without an authority there is no token either, and "start it" is the better advice.
  await call('GET', '/health/live', {});
  if (SERVICE_TOKEN) return SERVICE_TOKEN;
  const path = join(DATA_DIR, 'service-token');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Stop(
      `There is no service token in ${path}. Set DATA_DIR to the folder of the authority, or make a token: ` +
        'export SERVICE_TOKEN=$(npm run --silent cli -- services create demo)',
    );
  });
  return text.trim();
}

function nobodyAnswers(address, reject = thrown) {
  reject(new Stop(`Nobody answers on ${address}. Start it with npm start in another terminal.`));
}

function thrown(error) {
  throw error;
}

function revokedOfEach({ results }) {
  return { revoked: results.map(({ revoked }) => revoked) };
}

function jtiOf(accessToken) {
  return JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url').toString()).jti;
}

/** The address to connect to, for a listening address. */
function reachable(host) {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
