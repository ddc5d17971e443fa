/** Debian's nginx with a configuration of the test's own. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from './process.ts';

export interface Nginx {
  /** What it has complained of. */
  errors(): string;
  stop(): Promise<void>;
}

/** `configuration`: what would be in a file of conf.d. Resolves when it serves; rejects when nginx refuses it. */
export async function startNginx(configuration: string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const main = [
    // One process, so that whoever ends it ends all of it.
    'daemon off; master_process off; error_log stderr notice;',
    `pid ${join(folder, 'pid')};`,
    'events { worker_connections 1024; }',
    `http { access_log off; ${temporary.join(' ')}`,
    configuration,
    '}',
  ].join('\n');
  await writeFile(join(folder, 'nginx.conf'), main);
  // Not in everybody's PATH on Debian.
  const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find(existsSync) ?? 'nginx';
  const started = startProcess(program, ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')]);
  const stop = async () => {
    await started.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await started.waitForOutput(/using the "epoll"|start worker process/);
  } catch (error) {
    await stop();
    throw error;
  }
  return { errors: started.stderr, stop };
}
