/** What route definitions share: their entry in the OpenAPI document, and bodies that may be left out. */
import type { FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { problem } from './schemas.ts';

interface Operation<Responses> {
  readonly summary: string;
  /** A bearer token is required. */
  readonly bearer?: boolean;
  /** The cookie is taken instead of a token in the body. */
  readonly cookie?: boolean;
  /** Statuses with which it is refused, beside 500. */
  readonly refusals?: readonly number[];
  readonly response: Responses;
}

/** The schema of a route but for its input. */
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
    // Answers are typed by what success looks like; refusals are thrown.
    response: { ...problems, ...response } as Responses,
  };
}

export const noContent = { 204: Type.Null({ description: 'Done, and in effect.' }) };

/** A body that is not sent is an empty one; one that is sent is validated like any other. */
export async function optionalBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined || request.body === null) request.body = {};
}
