import t from 'tap';
import { parseRedisUrl } from '../../../src/platform/config/redisUrl.ts';

const open = { tls: false, username: undefined, password: undefined };
const at = (host: string, port: number) => ({ host, port });

t.test('one server', (t) => {
  const single = { kind: 'single', ...open, endpoint: at('cache', 6379), database: 0 };
  const table: [string, object][] = [
    ['redis://cache', single],
    ['redis://cache/', single],
    ['redis://cache/0', single],
    ['redis://cache:6380/15', { ...single, endpoint: at('cache', 6380), database: 15 }],
    ['rediss://cache.internal', { ...single, tls: true, endpoint: at('cache.internal', 6379) }],
    ['redis://10.0.0.1', { ...single, endpoint: at('10.0.0.1', 6379) }],
    ['redis://[::1]', { ...single, endpoint: at('::1', 6379) }],
    ['redis://[fd00::2]:7000/1', { ...single, endpoint: at('fd00::2', 7000), database: 1 }],
    ['redis://my_redis-1', { ...single, endpoint: at('my_redis-1', 6379) }],
    ['redis://:hunter2@cache', { ...single, password: 'hunter2' }],
    ['redis://alice:hunter2@cache', { ...single, username: 'alice', password: 'hunter2' }],
    ['redis://al%40ice:a%2Fb%3A%20%C3%A9@cache', { ...single, username: 'al@ice', password: 'a/b: é' }],
    ['redis://alice:a:b@cache', { ...single, username: 'alice', password: 'a:b' }],
  ];
  for (const [text, expected] of table) t.strictSame(parseRedisUrl(text), expected, text);
  t.end();
});

t.test('the master that Sentinels know', (t) => {
  const endpoints = [at('one', 26_379), at('two', 26_380), at('::1', 26_379)];
  const sentinel = { kind: 'sentinel', ...open, endpoints, master: 'mymaster', database: 0 };
  const table: [string, object][] = [
    ['redis-sentinel://one,two:26380,[::1]/mymaster', sentinel],
    ['redis-sentinel://one,two:26380,[::1]/mymaster/3', { ...sentinel, database: 3 }],
    ['rediss-sentinel://one,two:26380,[::1]/mymaster', { ...sentinel, tls: true }],
    ['redis-sentinel://a:b@one,two:26380,[::1]/mymaster', { ...sentinel, username: 'a', password: 'b' }],
  ];
  for (const [text, expected] of table) t.strictSame(parseRedisUrl(text), expected, text);
  t.end();
});

t.test('a Cluster', (t) => {
  const cluster = { kind: 'cluster', ...open, endpoints: [at('one', 7000), at('two', 6379)] };
  const table: [string, object][] = [
    ['redis-cluster://one:7000,two', cluster],
    ['redis-cluster://one:7000,two/', cluster],
    ['rediss-cluster://:p@one:7000,two', { ...cluster, tls: true, password: 'p' }],
    ['redis-cluster://one:7000', { ...cluster, endpoints: [at('one', 7000)] }],
  ];
  for (const [text, expected] of table) t.strictSame(parseRedisUrl(text), expected, text);
  t.end();
});

t.test('anything else is refused', (t) => {
  const table: [string, string[]][] = [
    [
      'another scheme',
      ['http://cache', 'REDIS://cache', 'redis:cache', 'redis:/cache', 'redisx://cache', ''],
    ],
    ['a scheme that we do not have', ['redis-sentinels://a/m', 'redis+sentinel://a/m', 'rediss-single://a']],
    [
      'no host',
      [
        'redis://',
        'redis://:6379',
        'redis:///0',
        'redis-cluster://',
        'redis-cluster://a,',
        'redis-cluster://,a',
      ],
    ],
    [
      'a host that is none',
      ['redis://a b', 'redis://-a', 'redis://a..b', 'redis://a.', 'redis://1.2.3', 'redis://é'],
    ],
    ['brackets', ['redis://[::1', 'redis://::1', 'redis://[1.2.3.4]', 'redis://[cache]', 'redis://[]']],
    [
      'a port that is none',
      ['redis://a:', 'redis://a:0', 'redis://a:65536', 'redis://a:06379', 'redis://a:x'],
    ],
    [
      'a database that is none',
      ['redis://a/x', 'redis://a/-1', 'redis://a/01', 'redis://a/10000', 'redis://a/1/2'],
    ],
    ['a query or a fragment', ['redis://a?db=1', 'redis://a/1?family=6', 'redis://a/0#x', 'redis://a#x']],
    ['half a login', ['redis://alice@a', 'redis://alice:@a', 'redis://:@a', 'redis://@a']],
    [
      'what must be encoded',
      [
        'redis://:a/b@c',
        'redis://:a@b@c',
        'redis://:%zz@a',
        'redis://:%ff@a',
        'redis://: @a',
        'redis://:é@a',
        'redis://:a%@b',
      ],
    ],
    ['several hosts of one server', ['redis://a,b', 'rediss://a:1,b:2/0']],
    [
      'Sentinels without a master',
      [
        'redis-sentinel://a',
        'redis-sentinel://a/',
        'redis-sentinel://a//0',
        'redis-sentinel://a/m y',
        'redis-sentinel://a/m/x',
        'redis-sentinel://a/m/0/1',
      ],
    ],
    ['a database of a Cluster', ['redis-cluster://a/0', 'redis-cluster://a/1', 'redis-cluster://a/mymaster']],
    ['white space', [' redis://a', 'redis://a ', 'redis://a\n', 'redis://a,\tb']],
  ];
  for (const [what, texts] of table) {
    for (const text of texts) t.equal(parseRedisUrl(text), undefined, `${what}: ${JSON.stringify(text)}`);
  }
  t.end();
});
