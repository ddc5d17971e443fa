/** Many sites that guess at once as fast as their budgets allow: whoever is where he has logged in before still gets in, soon. */
import { rm } from 'node:fs/promises';
import t from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { password } from '../support/authority.ts';
import type { HttpCall } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { behindProxy, brief, triesAt } from '../support/loginTries.ts';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { startServer } from '../support/server.ts';

const sites = 16;
/** Requests of one site that are under way: together more than the queue of hashes takes. */
const atOnce = 20;
const home = '192.0.2.7';
const logins = 8;
/** So many guesses are looked at while the owner waits, at most: a few of each line, and by far not all that wait. */
const atMostBefore = loginLimits.passwordHashesWaiting / 8;

/**
 * With a faster client, the first hundreds of guesses at once keep the process of an embedded database from reading anything for
 * seconds (docs/limits.md).
 */
function byFetch(base: string): HttpCall {
  return async (method, path, { body, headers = {} } = {}) => {
    const sent = { 'content-type': 'application/json', ...headers };
    const answer = await fetch(base + path, { method, headers: sent, body: JSON.stringify(body) });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };
}

/** Guesses from many addresses of each site, half of them at the owner's account, without a pause. */
function attack(port: number) {
  const answers: Record<string, number> = {};
  let going = true;
  let guesses = 0;
  const { wrong } = triesAt({ call: byFetch(`http://127.0.0.1:${port}`) });
  const guessOn = async (site: number) => {
    while (going) {
      guesses += 1;
      const email = guesses % 2 === 0 ? `x${guesses}@example.com` : 'alice@example.com';
      const said = brief(await wrong(`10.0.${site}.${guesses % 250}`, email)).replace(/ again.*/, '');
      answers[said] = (answers[said] ?? 0) + 1;
    }
  };
  const workers = Array.from({ length: sites * atOnce }, (_, number) => guessOn(number % sites));
  // Whoever is not answered any more gives up.
  for (const worker of workers) worker.catch(() => {});
  return {
    answers,
    stop() {
      going = false;
    },
  };
}

t.test('the owner logs in at home while sixteen sites guess', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  const server = await startServer(dataDir, { ...behindProxy, RATE_LIMITS: '1' });
  t.teardown(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const { right } = triesAt(server);
  const logIn = async (when: string) => {
    const begun = performance.now();
    const said = brief(await right(home));
    const milliseconds = Math.round(performance.now() - begun);
    t.equal(said, '200', `${when}, after ${milliseconds} ms`);
    return milliseconds;
  };
  await server.call('POST', '/auth/register', { body: { email: 'alice@example.com', password } });
  const alone = [];
  for (let count = 0; count < logins; count += 1) alone.push(await logIn('alone'));

  const { answers, stop } = attack(server.httpPort);
  t.teardown(stop);
  const waiting = async () => {
    const metrics = String((await server.operations('GET', '/metrics')).body);
    return Number(/countersign_password_hashes_waiting (\d+)/.exec(metrics)?.[1]);
  };
  const full = loginLimits.passwordHashesWaiting / 2;
  await eventually('hashes wait', async () => (await waiting()) > full, 60_000);
  const looked = answers['401 invalid_credentials'] ?? 0;
  const attacked = [];
  const before = [];
  for (let count = 0; count < logins; count += 1) {
    const already = answers['401 invalid_credentials'] ?? 0;
    attacked.push(await logIn('under attack'));
    before.push((answers['401 invalid_credentials'] ?? 0) - already);
  }
  t.ok((await waiting()) > full, 'all the time');
  t.ok((answers['401 invalid_credentials'] ?? 0) > looked, 'and strangers are served meanwhile');
  t.comment(`alone ${alone} ms, under attack ${attacked} ms; strangers: ${JSON.stringify(answers)}`);
  t.ok(
    Math.max(...before) <= atMostBefore,
    `guesses that came before it: ${before}, ${atMostBefore} at most`,
  );
});
