/** Debian's Apache with mod_auth_openidc, as an application and as a resource server: the pages say what it passes on. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { eventually } from './eventually.ts';
import { startProcess } from './process.ts';

export interface ApacheSettings {
  readonly port: number;
  readonly issuer: string;
  /** Of the authority that signed the issuer's certificate. */
  readonly ca: Buffer;
  /** The application of /app, and the resource server of /api. */
  readonly app: { readonly id: string; readonly secret: string };
  readonly resource: { readonly id: string; readonly secret: string };
}

/** Of Debian, and of Fedora. */
const [program, modules] = existsSync('/usr/sbin/apache2')
  ? ['/usr/sbin/apache2', '/usr/lib/apache2/modules']
  : ['/usr/sbin/httpd', '/usr/lib64/httpd/modules'];
const needed = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'authz_user',
  'dir',
  'mime',
  'include',
  'auth_openidc',
];

function configuration(folder: string, { port, issuer, app, resource }: ApacheSettings): string {
  const origin = `http://localhost:${port}`;
  return [
    ...needed.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`),
    `ServerRoot ${folder}`,
    `DefaultRuntimeDir ${folder}`,
    `PidFile ${folder}/pid`,
    `Mutex file:${folder} default`,
    'ServerName localhost',
    `Listen 127.0.0.1:${port}`,
    `DocumentRoot ${folder}/pages`,
    `ErrorLog ${folder}/error.log`,
    // It leaves the rights of root, for those of a user who can read the folder.
    ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
    'StartServers 1',
    'DirectoryIndex index.shtml',
    'TypesConfig /dev/null',
    'AddType text/html .shtml',
    'AddOutputFilter INCLUDES .shtml',
    `<Directory ${folder}/pages>`,
    '  Options +Includes',
    '  Require all granted',
    '</Directory>',
    `OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration`,
    `OIDCCABundlePath ${folder}/ca.pem`,
    `OIDCClientID ${app.id}`,
    `OIDCClientSecret ${app.secret}`,
    `OIDCRedirectURI ${origin}/app/callback`,
    `OIDCCryptoPassphrase ${randomBytes(16).toString('hex')}`,
    'OIDCScope "openid email"',
    'OIDCPKCEMethod S256',
    'OIDCIDTokenSignedResponseAlg ES256',
    'OIDCSessionType server-cache',
    `OIDCOAuthIntrospectionEndpoint ${issuer}/oauth2/introspect`,
    `OIDCOAuthClientID ${resource.id}`,
    `OIDCOAuthClientSecret ${resource.secret}`,
    // Asks each time: what it remembered, nobody could take back.
    'OIDCOAuthTokenIntrospectionInterval -1',
    'OIDCOAuthRemoteUserClaim sub',
    '<Location /app>',
    '  AuthType openid-connect',
    '  Require valid-user',
    '</Location>',
    '<Location /api>',
    '  AuthType oauth20',
    '  Require valid-user',
    '</Location>',
    '',
  ].join('\n');
}

/** Resolves when it serves; rejects with what Apache complained of. */
export async function startApache(t: Test, settings: ApacheSettings): Promise<{ readonly origin: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'apache-'));
  await chmod(folder, 0o755);
  for (const path of ['app', 'api', 'bye']) {
    await mkdir(join(folder, 'pages', path), { recursive: true });
    const page = '<!--#echo var="REMOTE_USER" --> <!--#echo var="OIDC_CLAIM_email" -->';
    await writeFile(join(folder, 'pages', path, 'index.shtml'), `<p>${path} ${page}</p>\n`);
  }
  await writeFile(join(folder, 'ca.pem'), settings.ca);
  await writeFile(join(folder, 'httpd.conf'), configuration(folder, settings));
  // One process, so that whoever ends it ends all of it.
  const apache = startProcess(program, ['-X', '-f', join(folder, 'httpd.conf')]);
  t.teardown(async () => {
    await apache.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const origin = `http://localhost:${settings.port}`;
  await eventually('Apache serves', () => fetch(`${origin}/bye/`).then(({ ok }) => ok)).catch(
    async (error) => {
      throw new Error(
        `${apache.stderr()}${await readFile(join(folder, 'error.log'), 'utf8').catch(() => '')}`,
        { cause: error },
      );
    },
  );
  return { origin };
}
