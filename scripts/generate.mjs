/** Generates what is not in git: the database client from prisma/schema.prisma, the gRPC types and the contract from proto/. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { root, runTool } from './tool.mjs';

/** Relative, because the generated files contain it. */
const protos = 'proto';

/** The folders that hold it. */
export const generated = {
  database: join(root, 'src/storage/postgres/generated'),
  grpc: join(root, 'packages/verifier/src/contract/generated'),
};

export async function generate(options) {
  await Promise.all([generateDatabaseClient(options), generateGrpcTypes(options)]);
}

function generateDatabaseClient(options) {
  return runTool('prisma', ['generate', '--no-hints'], {
    ...options,
    quiet: true,
    // Only migrations need Prisma's native engine: any existing file in its place prevents the download.
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
  });
}

async function generateGrpcTypes(options) {
  await rm(generated.grpc, { recursive: true, force: true });
  // packages/verifier/src/contract/contract.ts loads the files with the same options.
  const loading = ['--longs=Number', '--enums=String', '--defaults', '--arrays', '--oneofs'];
  const writing = ['--grpcLib=@grpc/grpc-js', '--importFileExtension=.ts', `--outDir=${generated.grpc}`];
  const names = await readdir(join(root, protos), { recursive: true });
  const files = names.filter((name) => name.endsWith('.proto')).sort();
  const parameters = [...loading, `--includeDirs=${protos}`, ...writing, ...files];
  await runTool('proto-loader-gen-types', parameters, { ...options, quiet: true });
  await writeProtoJson(files);
}

/** The contract as code for `fromJSON` of @grpc/proto-loader, without comments. */
async function writeProtoJson(files) {
  const loaded = new protobuf.Root();
  loaded.resolvePath = (_from, target) => join(root, protos, target);
  // Names as in JavaScript, like the types.
  loaded.loadSync(files, { keepCase: false });
  const text = [
    `export const protoFiles = ${JSON.stringify(files)};`,
    `export const protoJson = ${JSON.stringify(loaded.toJSON())};`,
  ];
  await writeFile(join(generated.grpc, 'protoJson.ts'), `${text.join('\n')}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await generate();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
