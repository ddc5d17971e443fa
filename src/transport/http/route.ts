/** Shared parts of route definitions: their OpenAPI entry, and optional bodies. */
import type { FastifyRequest } from 'fastify';
import { problem } from './schemas.ts';
import { type TSchema, Type } from './typebox.ts';

interface Operation<Responses> {
  readonly summary: string;
  /** Requires a bearer token. */
  readonly bearer?: boolean;
  /** Accepts the cookie instead of a token in the body. */
  readonly cookie?: boolean;
  /** Statuses of its refusals, beside 500. */
  readonly refusals?: readonly number[];
  readonly response: Responses;
}

/** A route's schema without its input. */
export function operation<Responses extends Readonly<Record<number, TSchema>>>(
  described: Operation<Responses>,
) {
  const { summary, bearer = false, cookie = false, refusals = [], response } = described;
  const statuses = [...refusals, ...(bearer ? [401, 503] : []), 500];
  const problems = Object.fromEntries(statuses.map((status) => [status, problem]));
  return {
    summary,
    ...(bearer ? { security: [{ bearer: [] }] } : {}),
    ...(cookie ? { security: [{}, { cookie: [] }] } : {}),
    // Typed by the success response; refusals are thrown.
    response: { ...problems, ...response } as Responses,
  };
}

export const noContent = { 204: Type.Null({ description: 'Done, and in effect.' }) };

/** Treats a missing body as an empty one; a present one is validated as usual. */
export async function optionalBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined || request.body === null) request.body = {};
}
