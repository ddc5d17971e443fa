/** Every method of the contract, by two programs that are not ours: `buf curl`, with reflection and without, and Python. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { permissions } from '../../src/authn/service.ts';
import { loadContract, serviceNames } from '../../src/contract/contract.ts';
import { startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { startPythonEdge } from '../support/pythonEdge.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const buf = `${root}node_modules/.bin/buf`;
const run = promisify(execFile);

type Json = Record<string, unknown>;
/** A method, what it is asked, and a part of what it answers. */
type Row = readonly [method: string, request: Json, answer: Json];

const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString()).kid;

t.test('every method', async (t) => {
  const authority = await startAuthority({ env: { GRPC_REFLECTION: 'on' } });
  t.teardown(() => authority.stop());
  const operator = { actor: 'operator' };
  const { token: serviceToken } = await authority.authority.flows.createService(
    { name: 'every-method', permissions },
    operator,
  );
  await authority.register('alice@example.com');

  /** In an order in which each finds what it needs; with a session of its own for each round. */
  const rows = async (): Promise<readonly Row[]> => {
    const { access_token: token } = await authority.login('alice@example.com');
    const other = await authority.login('alice@example.com');
    const { jti, sid, sub } = claimsOf(token);
    const kid = kidOf(token);
    return [
      ['TokenService/IsRevoked', { jti, kid }, { decidedBy: 'DECIDED_BY_BLOOM' }],
      ['TokenService/BatchIsRevoked', { jtis: [jti] }, { results: [{ decidedBy: 'DECIDED_BY_BLOOM' }] }],
      ['TokenService/Introspect', { token }, { active: true, sub }],
      ['TokenService/BatchIntrospect', { tokens: [token, 'x'] }, { results: [{ active: true, sub }, {}] }],
      ['SessionService/ListSessions', { userId: sub, pageSize: 1 }, { sessions: [{ userId: sub }] }],
      ['SessionService/EndSession', { sessionId: other.session_id }, { ended: true }],
      ['RevocationService/Revoke', { sessionId: sid, requestId: randomUUID() }, { endedSessions: 1 }],
      ['TokenService/IsRevoked', { jti }, { revoked: true, reason: 'REASON_REVOKED' }],
      [
        'KeyService/ListKeys',
        {},
        { keys: [{ state: 'KEY_STATE_NEXT' }, { kid, state: 'KEY_STATE_ACTIVE' }] },
      ],
      ['KeyService/ResealKeys', {}, {}],
      ['KeyService/RevokeKey', { kid }, { endedSessions: String }],
    ];
  };
  const streams = ['RevocationService/WatchRevocations'];
  // Refused for as long as caches may lack the next key, which this authority has just made.
  const refused = ['KeyService/RotateKey'];

  const { v1 } = loadContract();
  const all = serviceNames.flatMap((service) =>
    Object.keys(v1[service].service).map((method) => `${service}/${method}`),
  );
  const tried = new Set([...(await rows()).map(([method]) => method), ...streams, ...refused]);
  t.strictSame(
    all.filter((method) => !tried.has(method)),
    [],
    'none is left out',
  );

  const curl = async (method: string, data: string, source: readonly string[]) => {
    const { stdout } = await run(buf, [
      ...['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...source],
      ...['-H', `authorization: Bearer ${serviceToken}`, '-d', data],
      `http://127.0.0.1:${authority.grpcPort}/countersign.v1.${method}`,
    ]);
    return stdout;
  };
  for (const [how, source] of [
    ['reflection', []],
    ['--schema proto', ['--schema', `${root}proto`]],
  ] as const) {
    await t.test(`buf curl with ${how}`, async (t) => {
      for (const [method, request, answer] of await rows()) {
        t.match(JSON.parse(await curl(method, JSON.stringify(request), source)), answer, method);
      }
      for (const method of refused) {
        await t.rejects(curl(method, '{}', source), /failed_precondition/, method);
      }
      const messages = (await curl(streams[0] ?? '', '{"start":{"edge_id":"curl"}}', source)).trim();
      t.match(messages, /"started"[\s\S]*"keys"[\s\S]*"snapshotEnd"/, 'the snapshot of a stream');
    });
  }

  await t.test('Python', async (t) => {
    const python = await startPythonEdge(`127.0.0.1:${authority.grpcPort}`, serviceToken);
    t.teardown(() => python.stop());
    for (const [call, request, answer] of await rows()) {
      t.match((await python.ask({ call, request })).response, answer, call);
    }
    for (const call of refused) t.match(await python.ask({ call }), { status: 'FAILED_PRECONDITION' }, call);
    t.strictSame(await python.ask({ watch: true }), { lease: true });
    t.strictSame(await python.ask({ leave: true }), { status: 'OK' });
  });
});
