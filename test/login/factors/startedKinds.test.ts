/** Kinds of factors that send something first, over the table of kinds: two that share the member of a request. */

import { createHash } from 'node:crypto';
import t from 'tap';
import { createFactorKinds, type FactorKind } from '../../../src/login/factors/factors.ts';
import { createFinishLogin } from '../../../src/login/factors/finishLogin.ts';
import { createAskForFactor } from '../../../src/login/factors/pendingLogin.ts';
import { createStartLoginFactor, createStartStepUp } from '../../../src/login/factors/startFactor.ts';
import { createStepUp } from '../../../src/login/factors/stepUp.ts';
import { engines, openStorage } from '../../support/engines.ts';
import { createOperationParts, newOpenSession } from '../../support/operationParts.ts';
import { newUser } from '../../support/rows.ts';
import { audience } from '../../support/tokenForge.ts';

const actor = { name: 'user' };
const hashOf = (code: string) => createHash('sha256').update(code).digest();

/** Sends codes of its own, and remembers them as a phone would. */
function codeKind(name: 'email_code' | 'sms_code', sent: string[]): FactorKind {
  return {
    ...{ name, member: 'code', standsAlone: name === 'email_code' },
    isUsable: async () => true,
    async start() {
      const code = `${name}-${sent.length}`;
      return {
        ...{ answer: { sent: name }, detail: { channel: name }, codeHash: hashOf(code) },
        async commit() {
          sent.push(code);
        },
      };
    },
    async verify(_user, { value }, underWay) {
      const right = underWay?.codeHash !== undefined && hashOf(String(value)).equals(underWay.codeHash);
      return right && underWay.detail['channel'] === name
        ? { amr: ['otp'], commit: async () => true }
        : { refused: 'wrong_code' };
    },
  };
}

for (const { name, embedded, open } of engines) {
  if (embedded) continue;
  t.test(name, async (t) => {
    const { storage } = await openStorage(t, open);
    const sent: string[] = [];
    const kinds = createFactorKinds([codeKind('sms_code', sent), codeKind('email_code', sent)]);
    const base = await createOperationParts(storage);
    const parts = {
      ...base,
      kinds,
      policy: 'offered' as const,
      apiAudience: 'http://127.0.0.1:8080/api',
      onTry: () => {},
      verifyEnrolment: async () => ({ refused: 'none' }),
    };
    const user = await newUser(storage);
    const invalid = { code: 'invalid_code' };

    t.test('a login', async (t) => {
      const ask = createAskForFactor(parts);
      const start = createStartLoginFactor(parts);
      const finish = createFinishLogin(parts);
      const begin = async () => {
        const asked = await ask({ user, amr: ['pwd'], openedBy: [] }, { audience: 'api.example' }, actor);
        t.strictSame(asked?.members?.['factors'], ['email_code', 'sms_code']);
        return String(asked?.members?.['login_token']);
      };
      const proof = (code: string | undefined) => ({ member: 'code', value: code });
      const loginToken = await begin();
      await t.rejects(finish({ loginToken, proof: proof('x') }, actor), invalid, 'nothing was started');
      t.strictSame(await start({ loginToken, factor: 'email_code' }, actor), { sent: 'email_code' });
      t.strictSame(await start({ loginToken, factor: 'sms_code' }, actor), { sent: 'sms_code' });
      await t.rejects(
        finish({ loginToken, proof: proof(sent[0]) }, actor),
        invalid,
        'another was started since',
      );
      await t.rejects(start({ loginToken, factor: 'totp' }, actor), { code: 'invalid_request' });
      const other = await begin();
      await start({ loginToken: other, factor: 'sms_code' }, actor);
      await t.rejects(finish({ loginToken, proof: proof(sent[2]) }, actor), invalid, 'of another login');
      const { tokens } = await finish({ loginToken, proof: proof(sent[1]) }, actor);
      t.match(await storage.database.sessions.find(tokens.sessionId), {
        acr: '2fa',
        amr: ['pwd', 'otp', 'mfa'],
        openedBy: [],
      });
      await t.rejects(start({ loginToken, factor: 'sms_code' }, actor), invalid, 'it is over');
    });

    t.test('a new code has its own tries', async (t) => {
      const { members } =
        (await createAskForFactor(parts)({ user, amr: [], openedBy: [] }, { audience }, actor)) ?? {};
      const loginToken = String(members?.['login_token']);
      const start = createStartLoginFactor(parts);
      const finish = createFinishLogin({ ...parts, passwordAttempts: base.passwordAttempts });
      await start({ loginToken, factor: 'sms_code' }, actor);
      const place = (count: number) => ({ ...actor, ip: `192.0.${count}.1` });
      for (let count = 0; count < 4; count += 1)
        await t.rejects(finish({ loginToken, proof: { member: 'code', value: 'x' } }, place(count)), invalid);
      await start({ loginToken, factor: 'sms_code' }, actor);
      const value = sent.at(-1);
      t.ok((await finish({ loginToken, proof: { member: 'code', value } }, place(9))).tokens.sessionId);
    });

    t.test('a step-up', async (t) => {
      const [session, other] = [
        await newOpenSession(storage, base, user),
        await newOpenSession(storage, base, user),
      ];
      const caller = { userId: user.id, sessionId: session.id };
      const start = createStartStepUp(parts);
      const stepUp = createStepUp(parts);
      await start('email_code', caller, actor);
      t.strictSame(await start('email_code', caller, actor), { sent: 'email_code' });
      const [before, code] = sent.slice(-2);
      const proof = (value: string | undefined) => ({ proof: { member: 'code', value } });
      await t.rejects(stepUp(proof(before), caller, actor), invalid, 'the next one replaced it');
      await t.rejects(
        stepUp(proof(code), { ...caller, sessionId: other.id }, actor),
        invalid,
        'another session',
      );
      t.equal((await stepUp(proof(code), caller, actor)).sessionId, session.id);
      await t.rejects(stepUp(proof(code), caller, actor), invalid, 'used');
      t.match(await storage.database.sessions.find(session.id), { acr: '2fa', amr: ['pwd', 'otp', 'mfa'] });
    });
  });
}
