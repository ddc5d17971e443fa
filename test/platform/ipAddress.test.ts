import t from 'tap';
import { canonicalIp, ipNetwork } from '../../src/platform/ipAddress.ts';

t.test('one spelling for each address', async (t) => {
  for (const [text, canonical] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['fe80::1%eth0', 'fe80::1'],
    [`fe80::1%${'x'.repeat(1_000)}`, 'fe80::1'],
  ] as const) {
    t.equal(canonicalIp(text), canonical, text.slice(0, 30));
    t.equal(canonicalIp(canonical), canonical);
  }
});

t.test('what is no address', async (t) => {
  for (const text of ['', 'localhost', '192.0.2', '192.0.2.01', ' 192.0.2.1', '[::1]', '::1/64', '%eth0'])
    t.equal(canonicalIp(text), undefined, text);
});

t.test('the network of an address', async (t) => {
  for (const [address, ipv4, ipv6, network] of [
    ['192.0.2.129', 24, 48, '192.0.2.0/24'],
    ['192.0.2.129', 32, 48, '192.0.2.129/32'],
    ['192.0.2.129', 25, 48, '192.0.2.128/25'],
    ['255.255.255.255', 9, 48, '255.128.0.0/9'],
    ['2001:db8:1:2:3:4:5:6', 24, 48, '2001:db8:1:0:0:0:0:0/48'],
    ['2001:db8:1:2:3:4:5:6', 24, 64, '2001:db8:1:2:0:0:0:0/64'],
    ['2001:db8:1:ffff::', 24, 49, '2001:db8:1:8000:0:0:0:0/49'],
    ['::1', 24, 64, '0:0:0:0:0:0:0:0/64'],
    ['::1', 24, 128, '0:0:0:0:0:0:0:1/128'],
    ['2001:db8::', 24, 128, '2001:db8:0:0:0:0:0:0/128'],
    ['::192.0.2.1', 24, 128, '0:0:0:0:0:0:c000:201/128'],
  ] as const) {
    const canonical = canonicalIp(address) ?? '';
    t.equal(ipNetwork(canonical, { ipv4, ipv6 }), network, `${address} by ${ipv4} or ${ipv6}`);
  }
});
