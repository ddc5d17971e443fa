/** Behind a proxy that TRUSTED_PROXIES does not name everybody is one place: operators are told. */
import { rm } from 'node:fs/promises';
import t from 'tap';
import { createHttpClient } from '../../support/clients.ts';
import { behindProxy, from } from '../../support/loginTries.ts';
import { copyOfEmbeddedDatabase } from '../../support/pglite.ts';
import { startServer } from '../../support/server.ts';

const requests = 3;

for (const [name, env, told] of [
  ['a proxy without a name', {}, true],
  ['one that is named', behindProxy, false],
] as const) {
  t.test(name, async (t) => {
    const dataDir = await copyOfEmbeddedDatabase();
    const server = await startServer(dataDir, env);
    t.teardown(async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    });
    const operations = createHttpClient(`http://127.0.0.1:${server.operationsPort}`);
    const ready = async (call = operations) => (await call('GET', '/health/ready')).body;
    const counted = async () =>
      /countersign_unnamed_proxy_requests_total (\d+)/.exec((await operations('GET', '/metrics')).body)?.[1];
    t.notOk('warnings' in (await ready()), 'nothing to tell');
    t.equal(await counted(), '0');

    for (let count = 0; count < requests; count += 1)
      await server.call('GET', '/auth/me', { headers: from(`192.0.2.${count}`) });
    const { status, warnings } = await ready();
    t.equal(status, 'ready', 'whoever makes up the header must not take a node out of service');
    const warning = /^127\.0\.0\.1 .* TRUSTED_PROXIES does not name it/;
    t.match(warnings, told ? [warning] : undefined);
    t.equal(await counted(), told ? `${requests}` : '0');
    t.notOk('warnings' in (await ready(server.call)), 'outside, nobody is told');
    if (told) await server.process.waitForOutput(/does not name it/);
    const lines = server.process.stderr().match(/does not name it/g);
    t.equal(lines?.length ?? 0, told ? 1 : 0, 'the log says so, once');
  });
}
