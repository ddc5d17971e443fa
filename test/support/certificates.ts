/** Certificates as an operator makes them, by openssl. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface Pem {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

export interface Ca {
  readonly certificate: Buffer;
  /** `subjectAltName` as openssl writes it, such as `URI:spiffe://a/b`. */
  issue(subjectAltName: string, days?: number): Promise<Pem>;
}

export interface CertificateFolder {
  readonly path: (name: string) => string;
  newCa(): Promise<Ca>;
  /** Replaces a file in one step, as a careful operator does. */
  write(name: string, bytes: Buffer | string): Promise<void>;
  remove(): Promise<void>;
}

export async function openCertificateFolder(): Promise<CertificateFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-certificates-'));
  const path = (name: string) => join(folder, name);
  let made = 0;
  const openssl = (...parameters: string[]) => run('openssl', parameters, { cwd: folder });
  return {
    path,
    async newCa() {
      made += 1;
      const ca = `ca${made}`;
      const subject = ['-subj', `/CN=${ca}`, '-days', '2'];
      await openssl('req', '-x509', ...newKey, '-keyout', `${ca}.key`, '-out', `${ca}.pem`, ...subject);
      return {
        certificate: await readFile(path(`${ca}.pem`)),
        async issue(subjectAltName, days = 1) {
          made += 1;
          const name = `leaf${made}`;
          await writeFile(path(`${name}.ext`), `subjectAltName=${subjectAltName}\n`);
          await openssl(
            'req',
            ...newKey,
            '-keyout',
            `${name}.key`,
            '-out',
            `${name}.csr`,
            '-subj',
            '/CN=leaf',
          );
          const signer = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-days', String(days)];
          const files = ['-in', `${name}.csr`, '-extfile', `${name}.ext`, '-out', `${name}.pem`];
          await openssl('x509', '-req', ...signer, ...files);
          return {
            certificate: await readFile(path(`${name}.pem`)),
            key: await readFile(path(`${name}.key`)),
          };
        },
      };
    },
    async write(name, bytes) {
      await writeFile(path(`${name}.new`), bytes);
      await rename(path(`${name}.new`), path(name));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
