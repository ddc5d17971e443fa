/** The welcome text after the start. */
import type { Config } from '../../platform/config/config.ts';
import type { DataFolder } from '../../storage/embedded/dataFolder.ts';

export interface Started {
  readonly config: Config;
  readonly dataFolder: DataFolder;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly operationsPort: number;
  /** True when this start created the service token. */
  readonly firstServiceToken: boolean;
}

/** A few lines; on the first embedded start, with commands to try. */
export function welcome({
  config,
  dataFolder,
  httpPort,
  grpcPort,
  operationsPort,
  firstServiceToken,
}: Started): readonly string[] {
  const http = `http://${address(config.http.host)}:${httpPort}`;
  const grpc = `${address(config.grpc.host)}:${grpcPort}`;
  const operations = `http://${address(config.operations.host)}:${operationsPort}`;
  const lines = [
    'Countersign is ready.',
    `  HTTP           ${http}  (documentation: ${http}/docs)`,
    `  gRPC           ${grpc}`,
    `  Operations     ${operations}  (/health/ready, /metrics)`,
    `  Data folder    ${dataFolder.path}`,
  ];
  if (config.storage.mode === 'embedded') lines.push(`  Service token  in ${dataFolder.serviceTokenPath}`);
  if (!firstServiceToken) return lines;
  return [
    ...lines,
    '',
    'Try:',
    '  npm run demo',
    `  curl ${http}/.well-known/jwks.json`,
    '  npm run --silent cli -- users create you@example.com',
  ];
}

/** As a client on this machine reaches it: nobody can connect to an unspecified address. */
function address(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
