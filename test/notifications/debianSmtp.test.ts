/** Mails through the SMTP server that Debian has: what arrives there is what the user should read, umlauts and both parts. */
import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { password, startAuthority } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import { mailSettings, parse } from '../support/mailServer.ts';
import { startProcess } from '../support/process.ts';

const juergen = 'juergen@example.com';

/** Listens when this resolves, and prints what it gets. */
async function startDebianServer(t: Test) {
  const port = await freePort();
  const handler = ['-c', 'aiosmtpd.handlers.Debugging', 'stdout'];
  const server = startProcess('aiosmtpd', ['-n', '-l', `127.0.0.1:${port}`, ...handler], {
    env: { PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8' },
  });
  t.teardown(() => server.stop());
  await eventually('aiosmtpd listens', async () => {
    const socket = connect(port, '127.0.0.1');
    const [greeting] = await once(socket, 'data');
    socket.destroy();
    return String(greeting).startsWith('220 ');
  });
  return { url: `smtp://127.0.0.1:${port}`, stdout: server.stdout };
}

/** The message that it printed, as it was sent. */
function printed(text: string): string | undefined {
  const [, message] = /-+ MESSAGE FOLLOWS -+\n([\s\S]*?)\n-+ END MESSAGE -+/.exec(text) ?? [];
  // The options of the envelope come first, then an empty line.
  return message?.replace(/^mail options: .*\n\n/, '').replaceAll('\n', '\r\n');
}

t.test('recovery of a German user', async (t) => {
  const server = await startDebianServer(t);
  const node = await startAuthority({ env: mailSettings(server) });
  t.teardown(() => node.stop());
  const headers = { 'accept-language': 'de-DE' };
  await node.call('POST', '/auth/register', { body: { email: juergen, password }, headers });
  t.equal((await node.call('POST', '/auth/recovery', { body: { email: juergen } })).status, 202);

  const message = await eventually('the mail', () => printed(server.stdout()));
  const { subject, headers: sent, text, html, token } = parse(message);
  t.equal(sent['to'], juergen);
  t.match(sent['content-type'], /^multipart\/alternative;/);
  t.equal(sent['content-language'], 'de');
  t.equal(subject, 'Neues Passwort setzen');
  const sentence = 'Jemand möchte für Ihr Konto ein neues Passwort setzen. Waren Sie das, tun Sie es hier:';
  t.match(text, `${sentence}\n`);
  t.match(html, `<p>${sentence}</p>`);
  const link = `http://127.0.0.1:8080/auth/recovery/complete?token=${token}`;
  t.match(text, `${link}\n`);
  t.match(html, `<a href="${link}">${link}</a>`);
  const body = { token, new_password: `another ${password}` };
  t.equal((await node.call('POST', '/auth/recovery/complete', { body })).status, 204, 'the link works');
});
