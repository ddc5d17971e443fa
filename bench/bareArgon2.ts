/** The yardstick of logins: argon2 alone verifies a password of the authority's parameters, as many at once as there. */
import { hash, verify } from '@node-rs/argon2';
import { loginLimits } from '../src/login/limits.ts';

const password = 'correct horse battery staple';
const stored = await hash(password, {
  memoryCost: loginLimits.argon2MemoryKibibytes,
  timeCost: loginLimits.argon2Passes,
  parallelism: loginLimits.argon2Lanes,
  outputLen: 32,
});

process.on('message', async (milliseconds: number) => {
  const until = performance.now() + milliseconds;
  let count = 0;
  const work = async () => {
    while (performance.now() < until) {
      await verify(stored, password);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: loginLimits.passwordHashesAtOnce }, work));
  process.send?.(count);
});
process.send?.('ready');
process.on('disconnect', () => process.exit());
