/** How rarely it is written down that a service token was used, and that no call waits for it. */
import t from 'tap';
import type { Database } from '../../src/database.ts';
import { createAuthenticateService } from '../../src/services/authenticateService.ts';
import { serviceLimits } from '../../src/services/limits.ts';
import type { Service, ServiceToken } from '../../src/services/service.ts';
import { newServiceToken } from '../../src/services/serviceToken.ts';
import { createManualClock } from '../support/manualClock.ts';

const service = { name: 'billing', permissions: ['tokens.check'] } as unknown as Service;
const everyMs = serviceLimits.serviceTokenUseMilliseconds;

function aWorld(token: Partial<ServiceToken>, noteUse: () => Promise<void> = async () => {}) {
  const clock = createManualClock(1_000_000_000);
  const noted: number[] = [];
  const services = {
    findByTokenHash: async () => ({ service, token }),
    noteUse: (_hash: Uint8Array, now: number) => {
      noted.push(now);
      return noteUse();
    },
  } as unknown as Database['services'];
  const authenticate = createAuthenticateService({ database: { services }, clock, latestTime: clock.now });
  const credential = { token: newServiceToken() };
  const useFor = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 1_000) {
      await authenticate(credential);
      await clock.advance(1_000);
    }
  };
  return { clock, noted, useFor, authenticate: () => authenticate(credential) };
}

t.test('used for two hours: written three times', async (t) => {
  const { clock, noted, useFor } = aWorld({});
  const begin = clock.now();
  await useFor(2 * everyMs + 10_000);
  t.equal(noted.length, 3);
  t.ok(
    noted.every((at, index) => Math.abs(at - begin - index * everyMs) < 10_000),
    String(noted),
  );
});

t.test('used by another node a moment ago: not written', async (t) => {
  const { noted, useFor } = aWorld({ lastUsedAt: 1_000_000_000 - 1 });
  await useFor(60_000);
  t.strictSame(noted, []);
});

t.test('an expired one was not used', async (t) => {
  const { noted, authenticate } = aWorld({ expiresAt: 1_000_000_000 });
  await t.rejects(async () => authenticate(), { code: 'token_required', reason: 'service_token_expired' });
  t.strictSame(noted, []);
});

t.test(
  'no call waits for it, nor fails with it, and a database that takes no writes is not asked all the time',
  async (t) => {
    for (const outcome of [() => new Promise<void>(() => {}), () => Promise.reject(new Error('read-only'))]) {
      const { noted, useFor, authenticate } = aWorld({}, outcome);
      t.equal(await authenticate(), service);
      await useFor(60_000);
      t.equal(noted.length, 1);
    }
  },
);
