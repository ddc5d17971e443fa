/** Schemas of requests that end in a login. */

import { csrfHeader } from '../sessions/csrf.ts';
import { refreshCookieName } from '../sessions/refreshCookie.ts';
import { problem, seconds, strict } from '../transport/http/schemas.ts';
import { Type } from '../transport/http/typebox.ts';
import { factorLimits } from './factors/limits.ts';
import { loginLimits } from './limits.ts';

/** Shown in lists: no control characters, lone surrogates or bidirectional controls, and no byte order mark, which some decoders drop. */
const shownPattern = '^[^\\p{Cc}\\p{Cs}\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufeff]+$';

export const deviceName = Type.String({
  minLength: 1,
  maxLength: loginLimits.deviceNameCharacters,
  pattern: shownPattern,
  description: 'Shown in the list of sessions, such as "Work laptop".',
});

export const factorName = Type.String({
  minLength: 1,
  maxLength: factorLimits.factorNameCharacters,
  pattern: shownPattern,
  description: 'Shown in the list of factors, such as "Work phone".',
});

/** The login waits: there is no session yet. Other refusals of the status have none of the further members. */
export const secondFactorRequired = Type.Object({
  ...problem.properties,
  login_token: Type.Optional(Type.String({ description: 'For POST /auth/login/factor.' })),
  factors: Type.Optional(Type.Array(Type.String(), { description: 'What the user can prove.' })),
  enrolment: Type.Optional(
    Type.Array(Type.String(), { description: 'What the user must add first: a second factor is required.' }),
  ),
  expires_in: Type.Optional(seconds('until the login token expires.')),
});

/** `?cookie`: a parameter without a value. */
export const loginQuery = Type.Object(
  {
    cookie: Type.Optional(
      Type.Literal('', {
        description: `For browsers: the refresh token comes in the cookie ${refreshCookieName} only. Needs the header ${csrfHeader}.`,
      }),
    ),
  },
  strict,
);
