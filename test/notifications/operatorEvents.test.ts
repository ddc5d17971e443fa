/** Events for operators: signed, from the outbox, of what somebody should look at; ids and words only. */
import t, { type Test } from 'tap';
import type { OperatorEvent } from '../../src/notifications/message.ts';
import { operatorEventOf } from '../../src/notifications/operatorEvents.ts';
import { password, startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { mailSettings, startMailServer } from '../support/mailServer.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';
import { startSignedWebhook, webhookSecret } from '../support/signedWebhook.ts';

const ada = 'ada@example.com';
const operator = { name: 'operator' };

async function begin(t: Test, env: Readonly<Record<string, string>> = {}) {
  const [webhook, mail] = [
    await startSignedWebhook((body) => JSON.parse(body) as OperatorEvent & { id: string }),
    await startMailServer(),
  ];
  t.teardown(() => Promise.all([webhook.stop(), mail.stop()]));
  const clock = createShiftedClock();
  const node = await startAuthority({
    clock,
    env: {
      ...{ OPERATOR_WEBHOOK_URL: `http://127.0.0.1:${webhook.port}/events` },
      ...{ OPERATOR_WEBHOOK_SECRET: webhookSecret, REFRESH_GRACE: '0s', ...mailSettings(mail), ...env },
    },
  });
  t.teardown(() => node.stop());
  const event = (type: string) =>
    eventually(type, () => webhook.taken.find((each) => each.type === type), 20_000);
  return { ...node, webhook, mail, clock, event };
}

t.test('what is told', async (t) => {
  const { webhook, event, register, login, refresh, call, authority } = await begin(t);
  await register(ada);
  const { body: me } = await call('GET', '/auth/me', { token: (await login(ada)).access_token });
  const user_id = me.user_id;
  const stolen = await login(ada);
  await refresh(stolen.refresh_token);
  await refresh(stolen.refresh_token);
  const { session_id } = stolen;
  t.match(await event('theft_detected'), { id: String, user_id, session_id, reason: 'replayed', detail: {} });

  const moving = await call('POST', '/auth/login', { body: { email: ada, password, device_id: 'one' } });
  await call('POST', '/auth/refresh', {
    body: { refresh_token: moving.body.refresh_token, device_id: 'two' },
  });
  t.match(await event('session_context_changed'), {
    ...{ user_id, session_id: moving.body.session_id, reason: 'notify' },
    detail: { signals: ['device_changed'], score: 50 },
  });

  const { dueAt = 0 } = await authority.operations.resetFactors({ email: ada }, {}, operator);
  const due_at = new Date(dueAt).toISOString();
  t.match(await event('factors_reset_requested'), { user_id, session_id: null, detail: { due_at } });
  await authority.operations.stopFactorsReset({ email: ada }, operator);
  t.match(await event('factors_reset_stopped'), { user_id, reason: 'support' });
  await authority.operations.resetFactors({ email: ada }, { now: 'Ada Lovelace came by' }, operator);
  t.match(await event('factors_reset'), { user_id, reason: 'at_once', detail: {} });
  await authority.operations.setOneTimePassword({ email: ada }, operator);
  t.match(await event('one_time_password_set'), { user_id });

  t.notMatch(
    JSON.stringify(webhook.taken),
    /\bada\b|lovelace|127\.0\.0\.1|@/i,
    'nothing personal beyond ids',
  );
  t.equal(webhook.forged, 0);
});

t.test('many wrong passwords', async (t) => {
  const { event, register, authority, call, clock } = await begin(t);
  await register(ada);
  const attempt = () => call('POST', '/auth/login', { body: { email: ada, password: 'not the password' } });
  for (let answered = ''; answered !== 'recovery_required'; ) {
    answered = (await attempt()).body.code;
    clock.shift(60 * 60_000);
  }
  const [locked] = await authority.operations.listAudit({ type: 'password_locked' });
  t.match(await event('many_refusals'), { user_id: locked?.userId, reason: locked?.reason });
});

t.test('events that nobody takes keep no mail waiting', async (t) => {
  const { webhook, mail, register, authority, call } = await begin(t);
  const emails = Array.from({ length: 6 }, (_, index) => `user${index}@example.com`);
  for (const email of [ada, ...emails]) await register(email);
  webhook.answer('silent');
  for (const email of emails) await authority.operations.setOneTimePassword({ email }, operator);
  await eventually('five events that wait', () => webhook.waiting === 5);
  await call('POST', '/auth/recovery', { body: { email: ada } });
  await mail.mailTo(ada);
  t.equal(webhook.waiting, 5, 'the mail came while they waited');
});

t.test('the outbox gives a message up', async (t) => {
  const { event, register, mail, clock, call, webhook } = await begin(t);
  await register(ada);
  mail.behave({ data: 451 });
  await call('POST', '/auth/recovery', { body: { email: ada } });
  await eventually('a try', () => mail.tries > 0);
  clock.shift(16 * 60_000);
  t.match(await event('message_given_up'), {
    detail: { channel: 'mail', template: 'recovery', message_id: String },
  });
  t.notMatch(JSON.stringify(webhook.taken), /@/);
});

t.test('a receiver that refuses gets it again', async (t) => {
  const { webhook, event, register, authority } = await begin(t);
  await register(ada);
  webhook.answer(503);
  await authority.operations.setOneTimePassword({ email: ada }, operator);
  webhook.answer(204);
  await event('one_time_password_set');
  t.equal(webhook.taken.length, 1);
});

t.test('what operators are not told, and what is left out', async (t) => {
  const of = (event: Parameters<typeof operatorEventOf>[0]) => operatorEventOf(event, 0);
  const actor = { name: 'user' };
  t.equal(of({ type: 'login_succeeded', actor }), undefined);
  t.equal(of({ type: 'refresh_refused', actor, reason: 'idle' }), undefined);
  t.equal(of({ type: 'session_context_changed', actor, reason: 'note' }), undefined);
  const cloned = { type: 'passkey_cloned', actor, detail: { factor: 'f', counter: 1 } } as const;
  t.match(of(cloned), { type: 'key_cloned', detail: { factor: 'f' } });
  t.notOk('counter' in (of(cloned)?.detail ?? {}));

  const { webhook, register, authority, operations, event } = await begin(t);
  await register(ada);
  const asks = Array.from({ length: 61 }, () =>
    authority.operations.resetFactors({ email: ada }, { now: 'a test' }, operator),
  );
  await Promise.all(asks);
  await event('factors_reset');
  await eventually('sixty', () => webhook.taken.length >= 60, 60_000);
  const { body } = await operations('GET', '/metrics');
  t.match(body, /countersign_messages_total\{channel="operator",outcome="left_out"\} 1\n/);
});
