/** Over TLS only: this host, and those below it when the operator says so (RFC 6797). */
import t from 'tap';
import { startAuthority } from '../../support/authority.ts';

for (const [setting, header] of [
  [undefined, 'max-age=31536000'],
  ['off', 'max-age=31536000'],
  ['on', 'max-age=31536000; includeSubDomains'],
] as const) {
  t.test(`HSTS_SUBDOMAINS ${setting ?? 'not set'}`, async (t) => {
    const authority = await startAuthority({
      env: setting === undefined ? {} : { HSTS_SUBDOMAINS: setting },
    });
    t.teardown(() => authority.stop());
    for (const path of ['/health/live', '/nowhere', '/docs'])
      t.equal((await authority.call('GET', path)).headers.get('strict-transport-security'), header, path);
  });
}
