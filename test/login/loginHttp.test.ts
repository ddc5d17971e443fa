/** Login tells a stranger nothing: who is registered, who is disabled, whose password was nearly right. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { loginLimits } from '../../src/login/limits.ts';
import { password, startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { behindProxy, from, triesAt } from '../support/loginTries.ts';

t.test('unknown user, wrong password and disabled user look alike', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  await authority.register('alice@example.com');
  await authority.register('disabled@example.com');
  await authority.authority.operations.disableUser({ email: 'disabled@example.com' }, { name: 'operator' });

  const answers = [];
  for (const body of [
    { email: 'alice@example.com', password: 'wrong horse battery staple' },
    { email: 'nobody@example.com', password },
    { email: 'disabled@example.com', password },
    { email: 'alice@example.com', password: 'x' },
    { email: 'alice@example.com', password: 'x'.repeat(5_000) },
    { email: 'alice@example.com', password: '\ud800 is no text, and so no password' },
    { email: 'nobody@example.com', password: 'x'.repeat(5_000) },
  ]) {
    const answer = await call('POST', '/auth/login', { body });
    const headers = [...answer.headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
    const { request_id: _, ...problem } = answer.body;
    answers.push(JSON.stringify([answer.status, headers, problem]));
  }
  t.equal(new Set(answers).size, 1, answers.join('\n'));
  t.match(answers[0], /^\[401,.*invalid_credentials/);
});

t.test('a password is the same however its characters are composed, and nothing else is', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  const composed = 'caf\u00e9 au lait pour deux';
  const register = await call('POST', '/auth/register', {
    body: { email: 'alice@example.com', password: composed },
  });
  t.equal(register.status, 201);
  for (const [name, attempt, status] of [
    ['as registered', composed, 200],
    ['decomposed', composed.normalize('NFD'), 200],
    ['without the accent', 'cafe au lait pour deux', 401],
    ['in capitals', composed.toUpperCase(), 401],
    ['with a space more', `${composed} `, 401],
    ['full width', composed.replace('a', '\uff41'), 401],
  ] as const) {
    const answer = await call('POST', '/auth/login', {
      body: { email: 'alice@example.com', password: attempt },
    });
    t.equal(answer.status, status, name);
  }
});

t.test('more logins than the queue takes: strangers are told to come back, others get in', async (t) => {
  // Cheap hashes would never queue.
  const authority = await startAuthority({ env: behindProxy, usualHashing: true });
  t.teardown(() => authority.stop());
  await authority.register('alice@example.com');
  const { access_token: token } = await authority.login('alice@example.com', from('192.0.2.1'));
  const { right, wrong } = triesAt(authority);
  // Of another one each time, since too many of one are refused for that.
  let people = 0;
  const stranger = () => {
    people += 1;
    return wrong('198.51.100.1', `nobody${people}@example.com`);
  };
  // Registrations wait in the same line, and need no database to get there: it stays full. Each is of a network of its own, so
  // that none has to give way.
  let busy = true;
  const register = async (_: unknown, network: number) => {
    const actor = { name: 'user', ip: `10.${network >> 8}.${network & 255}.1` } as const;
    while (busy) {
      await authority.authority.operations
        .register({ email: 'alice@example.com', password }, actor)
        .catch(() => nextTurn());
    }
  };
  const many = loginLimits.passwordHashesAtOnce + loginLimits.passwordHashesWaiting + 10;
  const queued = Array.from({ length: many }, register);
  const refused = await eventually('an answer 503', async () => {
    const answer = await stranger();
    return answer.status === 503 && answer;
  });
  const known = await right('192.0.2.200');
  const body = { current_password: 'not that one', new_password: 'another horse battery staple' };
  const inSession = await authority.call('POST', '/auth/password', { token, body });
  busy = false;
  t.equal(refused.body.code, 'overloaded');
  t.equal(refused.headers.get('retry-after'), '1');
  t.match([known.status, inSession.status], [200, 401], 'from a known place, and in a session');
  await Promise.all(queued);
  t.equal((await stranger()).status, 401, 'and then as ever');
});
