/** What anybody may ask costs next to nothing: no statement for each call. */
import t from 'tap';
import { openEngine, type PostgresEngine } from '../../../src/storage/postgres/engine.ts';
import { startAuthority } from '../../support/authority.ts';
import { openTokenForge } from '../../support/tokenForge.ts';

const calls = 300;

t.test('calls of nobody', async (t) => {
  let statements = 0;
  const openDatabase: typeof openEngine = async (...which) => {
    const engine = await openEngine(...which);
    const counted = engine.prisma.$extends({
      query: {
        $allOperations({ args, query }) {
          statements += 1;
          return query(args);
        },
      },
    });
    return { ...engine, prisma: counted as unknown as PostgresEngine['prisma'] };
  };
  const authority = await startAuthority({ openDatabase });
  t.teardown(() => authority.stop());
  const { call } = authority;
  const forged = (await openTokenForge(Date.now())).good;
  const logout = (options: object) => call('POST', '/auth/logout', options);
  const table: [name: string, status: number, ask: () => Promise<{ status: number }>][] = [
    ['readiness', 200, () => call('GET', '/health/ready')],
    ['a logout without a token', 401, () => logout({})],
    ['with garbage', 401, () => logout({ token: 'x.y.z' })],
    ['with a token that no key of ours signed', 401, () => logout({ token: forged })],
    ['with a refresh token that is none', 401, () => logout({ body: { refresh_token: 'rt_x' } })],
  ];
  for (const [name, status, ask] of table) {
    const before = statements;
    const answers = await Promise.all(Array.from({ length: calls }, ask));
    t.strictSame(new Set(answers.map((answer) => answer.status)), new Set([status]), name);
    // The authority goes on asking for itself, a few times a second.
    t.ok(statements - before < calls / 4, `${name}: ${statements - before} statements for ${calls} calls`);
  }
  const before = statements;
  await authority.register('alice@example.com');
  t.ok(statements > before, 'statements are counted');
});
