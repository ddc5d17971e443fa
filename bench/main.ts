/** Each number beside its yardstick, in one run. Writes bench/RESULTS.md. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { inCheckout } from '../test/support/checkout.ts';
import { denyListRows } from './denyList.ts';
import { effectRows } from './effect.ts';
import { grpcRows } from './grpc.ts';
import { jwksRows } from './jwks.ts';
import { loginRows } from './login.ts';
import { lookUpRows } from './lookUp.ts';
import type { Row } from './measure.ts';
import { readingRows } from './reading.ts';
import { refreshRows } from './refresh.ts';
import { sdkRows } from './sdk.ts';
import { sessionRows } from './sessions.ts';
import { subscriberEffectRows } from './subscriberEffect.ts';

const parts = [
  denyListRows,
  grpcRows,
  sdkRows,
  readingRows,
  jwksRows,
  effectRows,
  subscriberEffectRows,
  loginRows,
  sessionRows,
  lookUpRows,
  refreshRows,
];

export async function runBench(print: (line: string) => void): Promise<void> {
  const rows: Row[] = [];
  for (const part of parts) rows.push(...(await part()));
  const table = [
    '| what | yardstick | Countersign | ratio | to reach |',
    '|---|---|---|---|---|',
    ...rows.map((row) => `| ${[row.what, row.yardstick, row.ours, row.ratio, row.reach].join(' | ')} |`),
  ].join('\n');
  print(table);
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`;
  await writeFile(
    inCheckout('bench/RESULTS.md'),
    `# Results\n\nMade by \`npm run bench\` on ${machine}. Machines differ and are noisy: compare ratios.\n\n${table}\n`,
  );
}
