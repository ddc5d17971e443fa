/** Schemas are compiled at the first request of a route: here, all of them. */
import ajvCompiler from '@fastify/ajv-compiler';
import serializerSelector from '@fastify/fast-json-stringify-compiler';
import t from 'tap';
import { startAuthority } from '../../support/authority.ts';

type Compile = (schemas: object, options: object) => (route: object) => unknown;
const compilers = [ajvCompiler.default(), serializerSelector.default()] as unknown as readonly Compile[];

interface Told {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}
interface Operation {
  readonly requestBody?: Told;
  readonly responses?: Readonly<Record<string, Told>>;
}

t.test('every schema of a request and an answer compiles', async (t) => {
  const { call, stop } = await startAuthority();
  t.teardown(stop);
  const { paths } = (await call('GET', '/docs/json')).body as {
    paths: Record<string, Record<string, Operation>>;
  };
  let count = 0;
  for (const [url, methods] of Object.entries(paths)) {
    for (const [method, { requestBody = {}, responses = {} }] of Object.entries(methods)) {
      for (const [httpStatus, { content = {} }] of Object.entries({ request: requestBody, ...responses })) {
        for (const { schema } of Object.values(content)) {
          count += 1;
          for (const compile of compilers)
            t.type(
              compile({}, { customOptions: { strict: false } })({ schema, method, url, httpStatus }),
              'function',
            );
        }
      }
    }
  }
  t.ok(count > 40, `${count} schemas`);
});
