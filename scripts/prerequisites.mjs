/**
 * Programs that tests need beside npm's: installs them where that is safe (root on Debian or Ubuntu, as in CI), else
 * says how.
 */
import { spawnSync } from 'node:child_process';

/** Package of Debian and Ubuntu → a command that succeeds when it is installed. */
const needed = {
  'redis-server': 'command -v redis-server',
  pgbouncer: 'PATH=$PATH:/usr/sbin command -v pgbouncer',
  curl: 'command -v curl',
  jose: 'command -v jose',
  // For the commands of docs/migrate.md.
  jq: 'command -v jq',
  openssl: 'command -v openssl',
  // The names test/support/chromium.ts looks for.
  chromium: 'command -v chromium || command -v chromium-browser || command -v google-chrome',
  // The proxy of docs/proxies.md. Not in every PATH on Debian.
  'nginx-light': 'command -v nginx || test -x /usr/sbin/nginx',
  // The third party of test/oauth/openid/apache.test.ts.
  'libapache2-mod-auth-openidc':
    'test -e /usr/lib/apache2/modules/mod_auth_openidc.so || test -e /usr/lib64/httpd/modules/mod_auth_openidc.so',
  // Server and tools of one version, for docs/backup.md: npm's have no tools.
  postgresql: 'ls /usr/lib/postgresql/*/bin/pg_basebackup || command -v pg_basebackup',
  // The second gRPC client (test/support/subscriber.py).
  'python3-grpcio':
    "/usr/bin/python3 -c 'import grpc, google.protobuf' || python3 -c 'import grpc, google.protobuf'",
  // The second reader of tokens (test/support/verifyTokens.py).
  'python3-jwt': "/usr/bin/python3 -c 'import jwt' || python3 -c 'import jwt'",
  'python3-cryptography': "/usr/bin/python3 -c 'import cryptography' || python3 -c 'import cryptography'",
  // A mail server that is not ours (test/notifications/debianSmtp.test.ts).
  'python3-aiosmtpd': 'command -v aiosmtpd',
};

export function ensurePrerequisites() {
  const packages = missingPackages();
  if (packages.length === 0) return;
  if (process.getuid?.() === 0 && succeeds('command -v apt-get')) install(packages);
  const missing = missingPackages();
  if (missing.length === 0) return;
  throw new Error(
    [
      `The tests need ${missing.join(', ')}. To install what they need:`,
      '  Debian, Ubuntu: sudo apt-get install redis-server pgbouncer curl jose jq openssl chromium nginx-light libapache2-mod-auth-openidc postgresql python3-grpcio python3-jwt python3-cryptography python3-aiosmtpd',
      '  Fedora:         sudo dnf install redis pgbouncer curl jose jq openssl chromium nginx mod_auth_openidc postgresql-server postgresql-contrib python3-grpcio python3-jwt python3-cryptography python3-aiosmtpd',
      '  macOS:          brew install redis pgbouncer curl jose jq openssl nginx postgresql && brew install --cask chromium && python3 -m pip install grpcio protobuf pyjwt cryptography aiosmtpd',
    ].join('\n'),
  );
}

function missingPackages() {
  return Object.keys(needed).filter((name) => !succeeds(needed[name]));
}

function succeeds(command) {
  return spawnSync('sh', ['-c', command]).status === 0;
}

function install(packages) {
  console.log(`Installing ${packages.join(', ')}`);
  // Mirrors fail now and then; a second try usually works.
  if (!aptGet('update')) aptGet('update');
  aptGet('install', '-y', '--no-install-recommends', ...packages);
}

function aptGet(...parameters) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr } = spawnSync('apt-get', ['-q', ...parameters], { env, encoding: 'utf8' });
  if (status !== 0) console.error(`${stdout}${stderr}apt-get ${parameters[0]} failed`);
  return status === 0;
}
