/** Every text in every language, and what may not be in one. */
import t from 'tap';
import type { Message } from '../../src/notifications/message.ts';
import { renderMail, renderSms } from '../../src/notifications/render.ts';
import { de } from '../../src/notifications/texts/de.ts';
import { en } from '../../src/notifications/texts/en.ts';
import { textsFor } from '../../src/notifications/texts/languages.ts';
import { html } from '../../src/platform/html.ts';
import { preferredLanguage } from '../../src/transport/http/language.ts';

/** What any template may need. */
const data = {
  ...{ at: Date.UTC(2026, 10, 29, 21, 54), ip: '203.0.113.9', device: 'A <b> & "c"' },
  ...{ code: '012345', minutes: 10, link: 'https://auth.example.com/x?token=ot_1', linkHours: 24 },
  ...{ notMeLink: 'https://auth.example.com/auth/not-me?token=ot_2', newEmail: "o'hara@example.com" },
  ...{ outcome: 'step_up', dueAt: Date.UTC(2026, 10, 30) },
  ...{ factor: 'Phone <1>', left: 3, about: 'all' },
};

const message = (template: string, locale: string | undefined, channel: 'mail' | 'sms' = 'mail') =>
  ({ channel, template, to: 'ada@example.com', locale, data }) as unknown as Message;

for (const texts of [en, de]) {
  t.test(texts.language, (t) => {
    for (const template of Object.keys(texts.mails)) {
      const { subject, text, html: page, language } = renderMail(message(template, texts.language));
      t.equal(language, texts.language);
      t.match(subject, /^\S.{3,80}\S$/, template);
      t.notMatch(`${subject}${text}${page}`, /undefined|null|\[object|NaN/, template);
      t.notMatch(page, /<b>|<1>/, 'values are text');
      const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
      t.ok(
        links.every((link) => link === data.link || link === data.notMeLink),
        template,
      );
      if (text.includes(data.code)) t.ok(subject.startsWith(data.code), 'the code is first in the subject');
      if (text.includes(data.notMeLink)) t.match(text, '203.0.113.9');
    }
    for (const template of Object.keys(texts.messages)) {
      const text = renderSms(message(template, texts.language, 'sms'));
      t.ok(text.length <= 160, text);
      if (text.includes(data.code)) t.ok(text.startsWith(data.code), text);
    }
    t.end();
  });
}

t.test('languages', (t) => {
  const texts = [
    ['de', 'de'],
    ['DE-at', 'de'],
    ['fr', 'en'],
    [undefined, 'en'],
    ['', 'en'],
  ] as const;
  for (const [locale, expected] of texts) t.equal(textsFor(locale).language, expected);
  const headers = [
    ['de', 'de'],
    ['fr;q=0.4, de-AT', 'de-AT'],
    ['de;q=0.1,en;q=0.9', 'en'],
    ['*', undefined],
    ['de;q=0', undefined],
    ['de;q=2, en', 'en'],
    ['<script>', undefined],
    ['de, '.repeat(100), undefined],
    [undefined, undefined],
  ] as const;
  for (const [header, expected] of headers) t.equal(preferredLanguage(header), expected, `${header}`);
  t.end();
});

t.test('a template of HTML escapes what is put into it, once', (t) => {
  const inner = html`<i>${'<&>'}</i>`;
  t.equal(
    html`<p title="${`"'`}">${inner}${[inner, inner]}${undefined}${7}</p>`.text,
    '<p title="&quot;&#39;"><i>&lt;&amp;&gt;</i><i>&lt;&amp;&gt;</i><i>&lt;&amp;&gt;</i>7</p>',
  );
  t.end();
});

t.test('what is no mail or no message for phones is a defect', (t) => {
  t.throws(() => renderMail(message('verify_phone', 'en')));
  t.throws(() => renderSms(message('new_device', 'en', 'sms')));
  t.end();
});
