/** What bench/RESULTS.md and bench/GROWTH.md say before their tables. */
import { cpus } from 'node:os';

export interface ResultsFile {
  readonly path: string;
  readonly title: string;
  readonly command: string;
}

export function introductionOf({ path, title, command }: ResultsFile): string {
  return `# ${title}

Made by \`${command}\` on Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}.

${ofAll}${path.endsWith('GROWTH.md') ? ofGrowth : ofResults}`;
}

const ofAll = `- Countersign is \`dist/main.js\` in server mode, with a real service token, metrics, PostgreSQL and Redis, as users start it, but
  for \`LOG_LEVEL=warn\`, and \`RATE_LIMITS=1000\` or \`off\`: all clients have one address.
- PostgreSQL is durable (\`fsync\`, \`full_page_writes\`, autovacuum) and has its data on a disk. Redis keeps nothing on disk.
- It and each yardstick run on one core; the load, PostgreSQL and Redis on another.
`;

const ofResults = `- **CPU for each**: user and system time of the server's process for each request, of the yardstick · of Countersign. It hardly
  moves with the noise of a machine; rates do.
- Every round measures each in turn, after each was warmed up until its CPU for a request fell no more. Numbers are medians of the
  rounds; min–max are the least and the largest ratio.
- The load of gRPC calls is \`bench/load/http2Load.ts\`: thousands of different ids and tokens, 4 connections with 16 calls each.
  h2load sends the same message with every call, and the clients of grpc-js and node:http2 need more CPU for a call than the server.
- The JWKS and the times of refused logins are of the embedded mode. New tokens and look-ups are measured in the process of the
  bench, the rows that begin with "simulated" in a simulation.
- A case that failed is a row. 10 M revocations take too long for this page: they are in [GROWTH.md](GROWTH.md).
`;

const ofGrowth = `- The rows are made by SQL. Checks in memory are of the deny-list alone, in the process of the bench.
- Small and large take turns, and each is second half of the time. Numbers are medians.
`;
