/** `countersign users import`: runs once for each batch of lines; whoever reads the file adds up what they print. */
import {
  type Asks,
  type Batches,
  type CommandContext,
  type Program,
  UsageError,
} from '../../transport/cli/command.ts';
import { type ImportFormat, type ImportResult, importFormats } from './importUsers.ts';

export function mountImport(users: ReturnType<Program['command']>, asks: Asks): void {
  users
    .command('import')
    .argument('<FILE>')
    .option('--format <FORMAT>', `${importFormats.join(', ')} (default: countersign)`, readFormat)
    .option('--dry-run', 'change nothing, and print what would be done')
    .description(
      'Import users, with the password hashes of another system, from a file of JSON lines; - is standard input.',
    )
    .action((path, { format = 'countersign', dryRun = false }) =>
      asks((context) => importBatch({ format, dryRun }, context), {
        batches: { path, ...createTotals(dryRun) },
        columns: ['', ''],
      }),
    );
}

function readFormat(text: string): ImportFormat {
  const format = importFormats.find((each) => each === text);
  if (format !== undefined) return format;
  throw new UsageError(`--format: must be one of ${importFormats.join(', ')}; given ${JSON.stringify(text)}`);
}

async function importBatch(
  how: { readonly format: ImportFormat; readonly dryRun: boolean },
  { operations, operator, input, firstLine, out }: CommandContext,
): Promise<void> {
  const lines = input.split('\n');
  out(JSON.stringify(await operations.importUsers({ ...how, lines, firstLine }, operator)));
}

function createTotals(dryRun: boolean): Omit<Batches, 'path'> {
  const totals = { created: 0, present: 0, refused: 0 };
  const leftOut: Record<string, number> = {};
  return {
    add(answer, { err, progress }) {
      const result = JSON.parse(answer) as ImportResult;
      totals.created += result.created;
      totals.present += result.present;
      totals.refused += result.refused.length;
      for (const { line, message } of result.refused) err(`line ${line}: ${message}`);
      for (const [name, rows] of Object.entries(result.leftOut)) leftOut[name] = (leftOut[name] ?? 0) + rows;
      progress?.(`${totals.created} created, ${totals.present} there, ${totals.refused} refused`);
    },
    finish({ out, err }, json) {
      if (json) out(JSON.stringify({ ...totals, left_out: leftOut }));
      else for (const [name, rows] of Object.entries(totals)) out(`${name}\t${rows}`);
      if (!json) for (const [name, rows] of Object.entries(leftOut)) out(`left out: ${name}\t${rows}`);
      if (dryRun) err('Nothing was changed.');
      return totals.refused === 0 ? 0 : 1;
    },
  };
}
