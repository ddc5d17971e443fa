/** What route definitions share: their part of the OpenAPI document, and bodies that may be left out. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';

/** Summary and possible refusals of a route, for the OpenAPI document. */
export function describe(summary: string, ...refusals: readonly number[]) {
  return {
    summary,
    description: refusals.length === 0 ? summary : `${summary} Refusals: ${refusals.join(', ')}.`,
  };
}

export const noContent = { 204: Type.Null({ description: 'Done.' }) };

/** A body that is not sent is an empty one; one that is sent is validated like any other. */
export async function optionalBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined || request.body === null) request.body = {};
}
