/** Where a request comes from, by what proxies say (F6). */
import t from 'tap';
import { createAddressOf } from '../../../src/transport/http/clientAddress.ts';

const proxy = '10.0.0.1';
const trustedProxies = ['10.0.0.0/8', '192.0.2.80', '2001:db8:5::/48'];
const unnamed: string[] = [];
const addressOf = createAddressOf({ trustedProxies, onUnnamedProxy: (address) => unnamed.push(address) });
const noAddress = undefined;

t.test('X-Forwarded-For of a proxy that is believed', async (t) => {
  const fifty = Array.from({ length: 50 }, (_, hop) => `203.0.113.${hop}`);
  const table: [name: string, list: string, address: string | undefined][] = [
    ['an address', '198.51.100.7', '198.51.100.7'],
    ['with a port', '198.51.100.7:5678', '198.51.100.7'],
    ['IPv6', '2001:db8::1', '2001:db8::1'],
    ['IPv6 in capitals and in full', '2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['IPv6 in brackets', '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 in brackets with a port', '[2001:db8::1]:443', '2001:db8::1'],
    ['IPv4 as IPv6', '::ffff:198.51.100.7', '198.51.100.7'],
    ['IPv4 as IPv6 with a port', '[::ffff:198.51.100.7]:5678', '198.51.100.7'],
    ['a zone', 'fe80::1%eth0', 'fe80::1'],
    ['spaces', '  203.0.113.9 ,\t198.51.100.7  ', '198.51.100.7'],
    ['without spaces', '203.0.113.9,198.51.100.7', '198.51.100.7'],
    ['empty elements', ', 198.51.100.7, ,', '198.51.100.7'],
    ['what the client made up', '203.0.113.9, 198.51.100.7, 10.1.1.1:80', '198.51.100.7'],
    ['garbage that the client made up', 'x"y, 198.51.100.7', '198.51.100.7'],
    ['a proxy as IPv6', '198.51.100.7, [2001:db8:5::1]:443', '198.51.100.7'],
    ['one that is no network', '198.51.100.7, 192.0.2.80', '198.51.100.7'],
    ['its neighbour is no proxy', '198.51.100.7, 192.0.2.81', '192.0.2.81'],
    ['proxies only', '10.2.2.2, 10.1.1.1', '10.2.2.2'],
    ['50 hops', fifty.join(', '), '203.0.113.49'],
    ['50 proxies', `198.51.100.7, ${'10.1.1.1, '.repeat(50)}`, '198.51.100.7'],
    ['nothing', '', proxy],
    ['unknown', 'unknown', noAddress],
    ['a name', 'client.example', noAddress],
    ['garbage behind', '198.51.100.7, x', noAddress],
    ['too many octets', '1.2.3.4.5', noAddress],
    ['a number that is none', '256.1.1.1:80', noAddress],
    ['two ports', '198.51.100.7:1:2', noAddress],
    ['an open bracket', '[2001:db8::1', noAddress],
    ['IPv4 in brackets', '[198.51.100.7]', noAddress],
    ['a long one', '1'.repeat(16_000), noAddress],
  ];
  for (const [name, list, address] of table)
    t.equal(addressOf(proxy, { 'x-forwarded-for': list }), address, name);
});

t.test('Forwarded, when it is the only one', async (t) => {
  const table: [name: string, list: string, address: string | undefined][] = [
    ['an address', 'for=198.51.100.7', '198.51.100.7'],
    ['with others', 'proto=https;For="198.51.100.7:5678";host=example.com', '198.51.100.7'],
    ['IPv6', 'for="[2001:db8::1]"', '2001:db8::1'],
    ['IPv6 with a port', 'for="[2001:db8::1]:443"; by=203.0.113.43', '2001:db8::1'],
    ['a port that is hidden', 'for="198.51.100.7:_gazonk"', '198.51.100.7'],
    ['several', 'for=203.0.113.9, for=198.51.100.7;by=10.0.0.1, for=10.1.1.1', '198.51.100.7'],
    ['an open quote that the client made up', 'for="203.0.113.9, for=198.51.100.7', '198.51.100.7'],
    ['a hidden one', 'for=_hidden', noAddress],
    ['unknown', 'for=unknown', noAddress],
    ['none', 'proto=https;by=203.0.113.43', noAddress],
  ];
  for (const [name, forwarded, address] of table) {
    t.equal(addressOf(proxy, { forwarded }), address, name);
    t.equal(addressOf(proxy, { forwarded, 'x-forwarded-for': '192.0.2.1' }), '192.0.2.1', `${name}, beside`);
  }
});

t.test('of whom nothing is believed', async (t) => {
  for (const peer of ['198.51.100.1', '2001:db8:6::1', '127.0.0.1', '::1'])
    for (const header of ['x-forwarded-for', 'forwarded'])
      t.equal(addressOf(peer, { [header]: 'for=203.0.113.9' }), peer, `${peer} ${header}`);
  t.equal(
    addressOf('::ffff:10.0.0.1', { 'x-forwarded-for': '198.51.100.7' }),
    '198.51.100.7',
    'a mapped peer',
  );
  t.equal(addressOf(undefined, { 'x-forwarded-for': '198.51.100.7' }), noAddress, 'a socket that is gone');
});

t.test('which proxies are told of, since nobody named them', async (t) => {
  const table: [peer: string, list: string | undefined, told: string[]][] = [
    ['127.0.0.1', '198.51.100.7', ['127.0.0.1']],
    ['::1', 'x', ['::1']],
    ['::ffff:172.16.0.1', '198.51.100.7', ['172.16.0.1']],
    ['192.168.1.1', '198.51.100.7', ['192.168.1.1']],
    ['fd00::1', '198.51.100.7', ['fd00::1']],
    [proxy, '198.51.100.7, 172.16.0.1', ['172.16.0.1']],
    [proxy, '172.16.0.1', []],
    [proxy, '198.51.100.7', []],
    ['127.0.0.1', undefined, []],
    ['127.0.0.1', '', []],
    ['198.51.100.1', '203.0.113.9', []],
    ['2001:db8:6::1', '203.0.113.9', []],
  ];
  for (const [peer, list, told] of table) {
    for (const header of ['x-forwarded-for', 'forwarded']) {
      unnamed.length = 0;
      const said = header === 'forwarded' ? list?.replace(/[^, ]+/g, 'for="$&"') : list;
      addressOf(peer, said === undefined ? {} : { [header]: said });
      t.strictSame(unnamed, told, `${peer}: ${header}: ${said}`);
    }
  }
});
