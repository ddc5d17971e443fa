/** Shared schema parts: one definition validates, types and documents. */

import { verifierLimits } from '@countersign/verifier/limits';
import { Type } from './typebox.ts';

/** For request objects: an unknown member is refused. */
export const strict = { additionalProperties: false } as const;

/** Far longer than any legal value; the rules of e-mails, passwords and tokens refuse precisely. */
export const text = (description: string) =>
  Type.String({ minLength: 1, maxLength: verifierLimits.tokenCharacters, description });

export const email = text('An e-mail address. Case and Unicode spelling do not matter.');

export const phone = text('The number of a mobile phone in E.164 form, such as +4915112345678.');

export const refreshToken = text('The refresh token of the last login or refresh.');

export const emptyBody = Type.Object({}, strict);

/** For what happens later, or not at all. */
export const accepted = {
  202: Type.Object(
    {},
    { description: 'Accepted. The answer does not reveal whether the e-mail is registered.' },
  ),
};

export const time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });

export const seconds = (description: string) => Type.Integer({ description: `Seconds ${description}` });

export const problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable: base decisions on this.' }),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(Type.Object({ field: Type.String(), rule: Type.String(), message: Type.String() })),
    ),
    request_id: Type.String(),
  },
  { description: 'RFC 9457 problem details (application/problem+json).' },
);
