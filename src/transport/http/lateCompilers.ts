/**
 * Fastify's own compilers of schemas, each run at the first request that needs it: at the start they would take a sixth of its
 * processor time, for routes that may never be asked.
 */
import ajvCompiler from '@fastify/ajv-compiler';
import serializerSelector from '@fastify/fast-json-stringify-compiler';
import type { FastifyServerOptions } from 'fastify';

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;
/** What both have of what Fastify expects. */
type Factory<Run> = (schemas: unknown, options: unknown) => (route: unknown) => Run;
type Validate = ((data: unknown) => unknown) & { errors?: unknown };

export function lateCompilers(): Compilers {
  const buildValidator: Factory<Validate> = (...given) => {
    const compile = (ajvCompiler.default() as Factory<Validate>)(...given);
    return (route) => {
      let compiled: Validate | undefined;
      const validate: Validate = (data) => {
        compiled ??= compile(route);
        const result = compiled(data);
        // Fastify reads them from the function that it called.
        validate.errors = compiled.errors;
        return result;
      };
      return validate;
    };
  };
  const buildSerializer: Factory<(data: unknown) => string> = (...given) => {
    const compile = (serializerSelector.default() as Factory<(data: unknown) => string>)(...given);
    return (route) => {
      let serialize: ((data: unknown) => string) | undefined;
      return (data) => {
        serialize ??= compile(route);
        return serialize(data);
      };
    };
  };
  return { buildValidator, buildSerializer } as unknown as Compilers;
}
