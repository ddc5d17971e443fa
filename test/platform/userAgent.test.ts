/** User agents in words, and their families. */
import { assert as check, property, string } from 'fast-check';
import t from 'tap';
import { parseUserAgent, userAgentFamily } from '../../src/platform/userAgent.ts';

const chrome = (version: string, system: string) =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version} Safari/537.36`;
const windows = 'Windows NT 10.0; Win64; x64';

t.test('what people read', async (t) => {
  for (const [text, browser, os, device] of [
    [chrome('140.0.0.0', windows), 'Chrome 140', /^Windows/, 'desktop'],
    [`${chrome('140.0.0.0', windows)} Edg/140.0.0.0`, 'Microsoft Edge 140', /^Windows/, 'desktop'],
    [
      chrome('140.0.0.0', 'Linux; Android 10; K').replace(' Safari', ' Mobile Safari'),
      'Chrome 140',
      /^Android/,
      'mobile',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      'Firefox 140',
      /^Linux/,
      'desktop',
    ],
    ['curl/8.14.1', 'curl 8', undefined, undefined],
    ['orders-app/2.3 (build 7)', 'orders-app 2', undefined, undefined],
    ['laptop', 'laptop', undefined, undefined],
    ['', undefined, undefined, undefined],
    [undefined, undefined, undefined, undefined],
  ] as const)
    t.match(parseUserAgent(text), { browser, os, device }, text?.slice(0, 60) ?? 'none');
});

t.test('families', async (t) => {
  const same = (one: string | undefined, other: string | undefined) =>
    userAgentFamily(one) === userAgentFamily(other);
  t.ok(same(chrome('140.0.0.0', windows), chrome('141.0.7.1', windows)), 'a newer browser');
  t.ok(same('app/1.0', 'app/2.0'));
  t.ok(same(undefined, ''), 'nothing is nothing');
  t.notOk(same(chrome('140.0.0.0', windows), chrome('140.0.0.0', 'X11; Linux x86_64')));
  t.notOk(same(chrome('140.0.0.0', windows), `${chrome('140.0.0.0', windows)} Edg/140.0.0.0`));
  t.notOk(same('app/1.0', 'other/1.0'));
  t.notOk(same('app/1.0', undefined));
});

t.test('any text is read, and names stay short', async (t) => {
  const isShort = (text: string | undefined) => text === undefined || text.length <= 80;
  const holds = property(string({ unit: 'binary', maxLength: 512 }), (text) => {
    const { browser, os } = parseUserAgent(text);
    const family = userAgentFamily(text);
    return isShort(browser) && isShort(os) && isShort(family);
  });
  t.doesNotThrow(() => check(holds, { numRuns: 500 }));
});
