/** `npm run bench`: each number beside its yardstick, in one run. Writes bench/RESULTS.md. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { denyListRows } from './denyList.ts';
import { edgeEffectRows } from './edgeEffect.ts';
import { effectRows } from './effect.ts';
import { grpcRows } from './grpc.ts';
import { jwksRows } from './jwks.ts';
import { loginRows } from './login.ts';
import { readingRows } from './reading.ts';
import { refreshRows } from './refresh.ts';
import { sdkRows } from './sdk.ts';
import { sessionRows } from './sessions.ts';

const rows = [
  ...(await denyListRows()),
  ...(await grpcRows()),
  ...(await sdkRows()),
  ...(await readingRows()),
  ...(await jwksRows()),
  ...(await effectRows()),
  ...(await edgeEffectRows()),
  ...(await loginRows()),
  ...(await sessionRows()),
  ...(await refreshRows()),
];
const table = [
  '| what | yardstick | Countersign | ratio | to reach |',
  '|---|---|---|---|---|',
  ...rows.map((row) => `| ${[row.what, row.yardstick, row.ours, row.ratio, row.reach].join(' | ')} |`),
].join('\n');
console.log(table);
const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`;
await writeFile(
  new URL('RESULTS.md', import.meta.url),
  `# Results\n\nMade by \`npm run bench\` on ${machine}. Machines differ and are noisy: compare ratios.\n\n${table}\n`,
);
process.exit(0);
