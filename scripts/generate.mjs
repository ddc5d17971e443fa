/**
 * Generates code: the database client from prisma/schema.prisma (not in git) and the gRPC types from proto/ (in git).
 * With --check it changes nothing, and fails when the gRPC types in git differ from proto/.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { root, runTool } from './tool.mjs';

/** Relative, because the generated files contain it. */
const protos = 'proto';
const grpcTypes = join(root, 'packages/verifier/src/contract/generated');

export function generateDatabaseClient(options) {
  return runTool('prisma', ['generate', '--no-hints'], {
    ...options,
    quiet: true,
    // Only migrations need Prisma's native engine: any existing file in its place prevents the download.
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
  });
}

export async function generateGrpcTypes(options) {
  await withFreshGrpcTypes(options, async (fresh) => {
    await rm(grpcTypes, { recursive: true, force: true });
    await cp(fresh, grpcTypes, { recursive: true });
  });
}

/** Throws when git differs from proto/. */
export async function checkGrpcTypes(options) {
  await withFreshGrpcTypes(options, async (fresh) => {
    const names = new Set([...(await filesIn(fresh, '.ts')), ...(await filesIn(grpcTypes, '.ts'))]);
    for (const name of names) {
      if ((await textOf(join(fresh, name))) === (await textOf(join(grpcTypes, name)))) continue;
      throw new Error(
        `packages/verifier/src/contract/generated/${name} does not match proto/: run \`npm run generate\` and commit the result.`,
      );
    }
  });
}

async function withFreshGrpcTypes({ signal } = {}, use) {
  const fresh = await mkdtemp(join(tmpdir(), 'countersign-generated-'));
  try {
    // packages/verifier/src/contract/contract.ts loads the files with the same options.
    const loading = [
      '--longs=Number',
      '--enums=String',
      '--defaults',
      '--arrays',
      '--oneofs',
      `--includeDirs=${protos}`,
    ];
    const writing = ['--grpcLib=@grpc/grpc-js', '--importFileExtension=.ts', `--outDir=${fresh}`];
    const files = await filesIn(join(root, protos), '.proto');
    await runTool('proto-loader-gen-types', [...loading, ...writing, ...files], { quiet: true, signal });
    await writeProtoJson(fresh, files);
    await use(fresh);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** The contract as code for `fromJSON` of @grpc/proto-loader, without comments. */
async function writeProtoJson(folder, files) {
  const loaded = new protobuf.Root();
  loaded.resolvePath = (_from, target) => join(root, protos, target);
  // Names as in JavaScript, like the types.
  loaded.loadSync(files, { keepCase: false });
  const text = [
    `export const protoFiles = ${JSON.stringify(files)};`,
    `export const protoJson = ${JSON.stringify(loaded.toJSON())};`,
  ];
  await writeFile(join(folder, 'protoJson.ts'), `${text.join('\n')}\n`);
}

async function filesIn(folder, ending) {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith(ending)).sort();
}

async function textOf(path) {
  return readFile(path, 'utf8').catch(() => undefined);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (process.argv.includes('--check')) {
      await checkGrpcTypes();
    } else {
      await generateDatabaseClient();
      await generateGrpcTypes();
    }
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
