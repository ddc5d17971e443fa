/** What a change of where and with what a session is used says. */
import t from 'tap';
import { type ContextPolicy, contextSignals, judgeContext, judgeLogin } from '../../src/sessions/context.ts';
import { sessionLimits } from '../../src/sessions/limits.ts';
import type { ClientContext } from '../../src/sessions/session.ts';

const now = Date.UTC(2030, 0, 1, 12);
const minute = 60_000;
const all = (action: ContextPolicy['network_changed']): ContextPolicy => ({
  device_changed: action,
  many_refusals: action,
  user_agent_changed: action,
  two_networks: action,
  rapid_refresh: action,
  network_changed: action,
});

const firefox = (version: number, system = 'X11; Linux x86_64') =>
  `Mozilla/5.0 (${system}; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`;
const chrome =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const windows = 'Windows NT 10.0; Win64; x64';

const session = {
  userAgent: firefox(140),
  ip: '192.0.2.7',
  lastUsedAt: now - 14 * minute,
  rotatedAt: now - 14 * minute,
  deviceId: 'device-1',
  otherIp: undefined,
  otherIpAt: undefined,
  quickRefreshes: 0,
  contextSignals: [],
  contextScore: 0,
  contextChangedAt: undefined,
};
const client: ClientContext = { userAgent: session.userAgent, ip: session.ip, deviceId: session.deviceId };

interface Change {
  readonly session?: Partial<Record<keyof typeof session, unknown>>;
  readonly client?: Partial<ClientContext>;
  readonly policy?: Partial<ContextPolicy>;
  readonly rotates?: boolean;
}

function judge(change: Change) {
  const before = { ...session, ...change.session } as typeof session;
  const policy = { ...all('note'), ...change.policy };
  return judgeContext(
    before,
    { ...client, ...change.client },
    { now, rotates: change.rotates ?? true, policy },
  );
}

const quick = {
  rotatedAt: now - sessionLimits.quickRefreshMilliseconds + 1,
  quickRefreshes: sessionLimits.quickRefreshes - 1,
};
const away = { otherIp: '198.51.100.9', otherIpAt: now - sessionLimits.twoNetworksMilliseconds + 1 };

const rows: readonly (readonly [string, Change, readonly string[], number])[] = [
  ['nothing', {}, [], 0],
  ['another address in the network', { client: { ip: '192.0.2.200' } }, [], 0],
  ['another network', { client: { ip: '192.0.3.7' } }, ['network_changed'], 10],
  ['an address that is not known', { client: { ip: undefined } }, [], 0],
  ['none before', { session: { ip: undefined } }, [], 0],
  ['a newer version of the browser', { client: { userAgent: firefox(141) } }, [], 0],
  ['another browser', { client: { userAgent: chrome } }, ['user_agent_changed'], 40],
  ['another system', { client: { userAgent: firefox(140, windows) } }, ['user_agent_changed'], 40],
  ['one that says nothing any more', { client: { userAgent: undefined } }, ['user_agent_changed'], 40],
  [
    'a program in a newer version',
    { session: { userAgent: 'app/1' }, client: { userAgent: 'app/2' } },
    [],
    0,
  ],
  ['another device', { client: { deviceId: 'device-2' } }, ['device_changed'], 50],
  ['a device that says nothing', { client: { deviceId: undefined } }, [], 0],
  ['one that says so for the first time', { session: { deviceId: undefined } }, [], 0],
  [
    'back in a network',
    { session: away, client: { ip: '198.51.100.1' } },
    ['two_networks', 'network_changed'],
    40,
  ],
  [
    'back after a while',
    {
      session: { ...away, otherIpAt: now - sessionLimits.twoNetworksMilliseconds },
      client: { ip: away.otherIp },
    },
    ['network_changed'],
    10,
  ],
  ['in a third network', { session: away, client: { ip: '203.0.113.1' } }, ['network_changed'], 10],
  ['one quick refresh too many', { session: quick }, ['rapid_refresh'], 20],
  ['one fewer', { session: { ...quick, quickRefreshes: sessionLimits.quickRefreshes - 2 } }, [], 0],
  [
    'not that quick',
    { session: { ...quick, rotatedAt: now - sessionLimits.quickRefreshMilliseconds } },
    [],
    0,
  ],
  [
    'one token from two networks',
    { client: { ip: '192.0.3.7' }, rotates: false },
    ['two_networks', 'network_changed'],
    40,
  ],
  ['quick, but a repeat', { session: quick, rotates: false }, [], 0],
  [
    'everything at once',
    { session: { ...quick, ...away }, client: { ip: away.otherIp, deviceId: 'x', userAgent: chrome } },
    ['device_changed', 'user_agent_changed', 'two_networks', 'rapid_refresh', 'network_changed'],
    100,
  ],
];

t.test('signals and score', async (t) => {
  for (const [what, change, signals, score] of rows) {
    const judged = judge(change);
    t.strictSame(judged.signals, signals, what);
    t.equal(judged.score, score, `${what}: its score`);
    const noted = score >= sessionLimits.toldScore ? 'notify' : 'note';
    t.equal(judged.action, signals.length > 0 ? noted : 'ignore', `${what}: what is done`);
  }
});

t.test('what is done is what the strictest signal asks for; an ignored one is not noted', async (t) => {
  const change = { client: { ip: '192.0.3.7', deviceId: 'device-2' } };
  const table: readonly (readonly [Partial<ContextPolicy>, string, readonly string[]])[] = [
    [{ device_changed: 'notify' }, 'notify', ['device_changed', 'network_changed']],
    [{ network_changed: 'end' }, 'end', ['device_changed', 'network_changed']],
    [{ device_changed: 'ignore' }, 'note', ['network_changed']],
    [all('ignore'), 'ignore', []],
  ];
  for (const [policy, action, signals] of table)
    t.match(judge({ ...change, policy }), { action, signals }, JSON.stringify(policy));
});

t.test('signals that are only noted are told together, and none alone', async (t) => {
  const [elsewhere, back] = [{ ip: '192.0.3.7' }, { ip: away.otherIp }];
  const table: readonly (readonly [string, Change, action: string])[] = [
    ['another device', { client: { deviceId: 'device-2' } }, 'note'],
    ['another browser', { client: { userAgent: chrome } }, 'note'],
    ['another browser, elsewhere', { client: { userAgent: chrome, ...elsewhere } }, 'note'],
    ['another device, elsewhere', { client: { deviceId: 'device-2', ...elsewhere } }, 'notify'],
    ['another browser, in two places', { session: away, client: { userAgent: chrome, ...back } }, 'notify'],
    ['another browser, again and again', { session: quick, client: { userAgent: chrome } }, 'notify'],
    [
      'one of them ignored',
      { client: { deviceId: 'device-2', ...elsewhere }, policy: { network_changed: 'ignore' } },
      'note',
    ],
    [
      'one that asks for more',
      { client: { deviceId: 'device-2', ...elsewhere }, policy: { network_changed: 'end' } },
      'end',
    ],
  ];
  for (const [what, change, action] of table) t.equal(judge(change).action, action, what);
  for (const [signal, weight] of Object.entries(contextSignals))
    t.ok(weight < sessionLimits.toldScore, `the setting of ${signal} holds`);
});

t.test('a login after many refusals', async (t) => {
  const signals = ['many_refusals'];
  const table: readonly (readonly [refusals: number, action: ContextPolicy['many_refusals'], object])[] = [
    [0, 'end', { signals: [], score: 0, action: 'ignore' }],
    [sessionLimits.manyRefusals - 1, 'end', { signals: [], action: 'ignore' }],
    [sessionLimits.manyRefusals, 'note', { signals, score: 50, action: 'note' }],
    [sessionLimits.manyRefusals, 'step_up', { signals, action: 'step_up' }],
    [99, 'notify', { signals, action: 'notify' }],
    [99, 'ignore', { signals: [], action: 'ignore' }],
  ];
  for (const [refusals, action, verdict] of table)
    t.match(judgeLogin(refusals, all(action)), verdict, `${refusals} ${action}`);
});

t.test('what is kept', async (t) => {
  const moved = judge({ client: { ip: '198.51.100.9' } }).context;
  t.match(moved, { otherIp: session.ip, otherIpAt: session.lastUsedAt, deviceId: 'device-1' });
  t.match(moved, { contextSignals: ['network_changed'], contextScore: 10, contextChangedAt: now });
  const noted = { contextSignals: ['device_changed'], contextScore: 50, contextChangedAt: now - 1 };
  t.match(judge({ session: noted }).context, noted, 'a use that changes nothing leaves what was noted');
  t.match(
    judge({ client: { deviceId: undefined } }).context,
    { deviceId: 'device-1' },
    'the device is remembered',
  );
  t.match(
    judge({ client: { deviceId: 'device-2' } }).context,
    { deviceId: 'device-2' },
    'the new one from now on',
  );
  t.equal(judge({ session: { quickRefreshes: 3 } }).context.quickRefreshes, 0, 'a slow refresh begins anew');
  t.equal(judge({ session: { quickRefreshes: 3 }, rotates: false }).context.quickRefreshes, 3);
});
