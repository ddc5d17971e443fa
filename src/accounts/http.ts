/** The user's own account over HTTP: register, read, change the password, delete. */
import { rfc3339 } from '@countersign/verifier/clock';
import type { Database } from '../database.ts';
import type { RequireRecentProof } from '../login/factors/recentProof.ts';
import { loginLimits } from '../login/limits.ts';
import { findCaller } from '../login/passwords/reauthentication.ts';
import {
  forgetBrowser,
  hasRefreshCookieOf,
  readRefreshCookie,
  setRefreshCookie,
} from '../sessions/refreshCookie.ts';
import type { MountRoutes } from '../transport/http/app.ts';
import { isForm } from '../transport/http/forms.ts';
import { sendPage } from '../transport/http/page.ts';
import { noContent, operation } from '../transport/http/route.ts';
import { accepted, email, refreshToken, strict, text, time } from '../transport/http/schemas.ts';
import { type Static, Type } from '../transport/http/typebox.ts';
import type { ChangePassword } from './changePassword.ts';
import type { DeleteAccount } from './deleteAccount.ts';
import { emailIn } from './email.ts';
import { refusedPages, startPaths } from './helpPages.ts';
import { donePage } from './pages.ts';
import type { RequestRegistration } from './proof/registration.ts';
import type { Register } from './register.ts';

const newPassword = text(
  `At least PASSWORD_MINIMUM characters (15 unless the operator set it), at most ${loginLimits.passwordMaximumBytes} bytes, not a common one.`,
);

const registerBody = Type.Object({ email, password: newPassword }, strict);

const registerResponse = Type.Object({ user_id: Type.String() });

const passwordBody = Type.Object(
  {
    current_password: text('The current password.'),
    new_password: newPassword,
    refresh_token: Type.Optional(refreshToken),
  },
  strict,
);

const newRefreshTokenResponse = Type.Object({
  refresh_token: Type.String({
    description: 'Replaces the sent one, which is no longer valid.',
  }),
  refresh_expires_in: Type.Integer({
    description: 'Seconds until the session ends if it is unused.',
  }),
});

const deleteMeBody = Type.Object(
  {
    current_password: Type.Optional(text('The password. A user without one proves themselves by a step-up.')),
  },
  strict,
);

const meResponse = Type.Object({
  user_id: Type.String(),
  session_id: Type.String(),
  client_id: Type.String(),
  scope: Type.String(),
  amr: Type.Array(Type.String(), { description: 'How the user was authenticated (RFC 8176).' }),
  acr: Type.String({ description: '1fa or 2fa: whether one or two factors were proved. 0: prove it again.' }),
  authenticated_at: time,
  expires_at: time,
});

/** With `requestRegistration` the answer is the same for everybody (REQUIRE_VERIFIED_EMAIL). */
export function registerRoute(
  register: Register,
  requestRegistration: RequestRegistration | undefined,
): MountRoutes {
  const schema = {
    body: registerBody,
    ...operation({
      summary: 'Register a user',
      refusals: [400, 403, 409, 429, 503],
      response: { 201: registerResponse, ...accepted },
    }),
  };
  return (app, { rateLimits }) => {
    const config = { refusalPage: refusedPages.register };
    const options = { schema, config, ...rateLimits.hooks('register', emailIn) };
    app.post(startPaths.register, options, async (request, reply) => {
      const given = request.body as Static<typeof registerBody>;
      const done = (say: 'done' | 'mailed') =>
        sendPage(
          reply,
          200,
          donePage(request.actor.language, 'register', ({ register }) => [register[say]]),
        );
      if (requestRegistration !== undefined) {
        await requestRegistration(given, request.actor);
        if (isForm(request)) return done('mailed');
        return reply.code(202).send({});
      }
      const { userId } = await register(given, request.actor);
      if (isForm(request)) return done('done');
      return reply.code(201).send({ user_id: userId });
    });
  };
}

export function passwordRoute(changePassword: ChangePassword): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const passwordSchema = {
      body: passwordBody,
      ...operation({
        summary: 'Change my password; every other session ends, and a sent refresh token is replaced',
        bearer: true,
        refusals: [400, 403, 429],
        response: { ...noContent, 200: newRefreshTokenResponse },
      }),
    };
    const passwordOptions = {
      schema: passwordSchema,
      config: { endsWithEffect: true },
      ...rateLimits.placeHook('password'),
    } as const;
    app.post('/auth/password', passwordOptions, async (request, reply) => {
      const { sub, sid } = await authenticate(request);
      await rateLimits.spend('password', sub, request);
      const {
        current_password: currentPassword,
        new_password: newPassword,
        refresh_token: ofBody,
      } = request.body;
      const ofCookie = hasRefreshCookieOf(request.headers, sid)
        ? readRefreshCookie(request.headers)
        : undefined;
      const input = { currentPassword, newPassword, refreshToken: ofBody ?? ofCookie };
      const rotated = await changePassword(input, { userId: sub, sessionId: sid }, request.actor);
      if (rotated === undefined) return reply.code(204).send(null);
      const { refreshToken, refreshExpiresIn } = rotated;
      if (ofBody !== undefined)
        return reply.code(200).send({ refresh_token: refreshToken, refresh_expires_in: refreshExpiresIn });
      setRefreshCookie(reply, refreshToken, refreshExpiresIn);
      return reply.code(204).send(null);
    });
  };
}

export function deleteRoute(
  deleteAccount: DeleteAccount,
  requireRecentProof: RequireRecentProof,
): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const deleteSchema = {
      body: deleteMeBody,
      ...operation({
        summary: 'Delete my account; every session ends',
        bearer: true,
        refusals: [400, 403, 429],
        response: noContent,
      }),
    };
    const deleteOptions = {
      schema: deleteSchema,
      config: { endsWithEffect: true },
      ...rateLimits.placeHook('password'),
    } as const;
    app.delete('/auth/me', deleteOptions, async (request, reply) => {
      const claims = await authenticate(request);
      const { sub: userId, sid: sessionId } = claims;
      await rateLimits.spend('password', userId, request);
      const { current_password: currentPassword } = request.body;
      if (currentPassword === undefined) await requireRecentProof(claims);
      await deleteAccount(currentPassword, { userId, sessionId }, request.actor);
      if (hasRefreshCookieOf(request.headers, sessionId)) forgetBrowser(reply);
      return reply.code(204).send(null);
    });
  };
}

const accountResponse = Type.Object({
  email: Type.String(),
  email_verified: Type.Boolean(),
  phone: Type.Union([Type.String(), Type.Null()]),
  has_password: Type.Boolean({ description: 'False for a user who signs in without one.' }),
  created_at: time,
  factors_reset_at: Type.Union([time, Type.Null()], {
    description: 'When support removes the second factors, unless it is stopped.',
  }),
});

export function accountRoute(database: Database): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const schema = operation({
      summary: 'My account',
      bearer: true,
      refusals: [429],
      response: { 200: accountResponse },
    });
    app.get('/auth/account', { schema, ...rateLimits.placeHook('reads') }, async (request) => {
      const { sub: userId, sid: sessionId } = await authenticate(request);
      await rateLimits.spend('reads', userId, request);
      const user = await findCaller({ database }, { userId, sessionId });
      const { email, emailVerifiedAt, phone, passwordHash, createdAt, factorsResetAt } = user;
      return {
        ...{ email, email_verified: emailVerifiedAt !== undefined, phone: phone?.number ?? null },
        ...{ has_password: passwordHash !== '', created_at: rfc3339(createdAt) },
        factors_reset_at: factorsResetAt === undefined ? null : rfc3339(factorsResetAt),
      };
    });
  };
}

export const meRoute: MountRoutes = (app, { authenticate, rateLimits }) => {
  const meSchema = operation({
    summary: 'The user of the token',
    bearer: true,
    refusals: [429],
    response: { 200: meResponse },
  });
  app.get('/auth/me', { schema: meSchema, ...rateLimits.placeHook('reads') }, async (request) => {
    const claims = await authenticate(request);
    await rateLimits.spend('reads', claims.sub, request);
    return {
      user_id: claims.sub,
      session_id: claims.sid,
      client_id: claims.client_id,
      scope: claims.scope,
      amr: [...claims.amr],
      acr: claims.acr ?? '1fa',
      authenticated_at: rfc3339(claims.auth_time * 1000),
      expires_at: rfc3339(claims.exp * 1000),
    };
  });
};
