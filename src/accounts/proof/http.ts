/** Proof and change of the e-mail over HTTP. */
import { invalidField } from '@countersign/verifier/errors';
import type { RequireRecentProof } from '../../login/factors/recentProof.ts';
import { links } from '../../notifications/links.ts';
import type { PageTexts } from '../../notifications/texts/texts.ts';
import { html } from '../../platform/html.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import { isForm, type RefusalPage } from '../../transport/http/forms.ts';
import { type Form, sendPage } from '../../transport/http/page.ts';
import { noContent, operation, optionalBody } from '../../transport/http/route.ts';
import { accepted, email, emptyBody, strict, text } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import { linkPage, tokenOf } from '../linkPages.ts';
import { donePage, questionPage, refusalPage } from '../pages.ts';
import type { ChangeEmail } from './changeEmail.ts';
import { registrationAbout } from './registration.ts';
import type { RequestProof } from './requestProof.ts';
import type { VerifyEmail } from './verifyEmail.ts';

const { path: verifyPath } = links.email_proof;

const verifyBody = Type.Object(
  {
    token: Type.Optional(text('The token of the link.')),
    password: Type.Optional(text('The password of the registration that the link confirms.')),
    code: Type.Optional(text('The code of the mail; needs the bearer token.')),
  },
  strict,
);

const changeBody = Type.Object({ email }, strict);

interface ProofOperations {
  readonly requestProof: RequestProof;
  readonly verifyEmail: VerifyEmail;
  readonly changeEmail: ChangeEmail;
  readonly requireRecentProof: RequireRecentProof;
}

/** A wrong password leaves the link good. */
const refused: RefusalPage = ({ actor, body }, error) =>
  refusalPage(actor.language, error, (texts) =>
    error.code === 'invalid_credentials' ? [registrationForm(tokenOf(body), texts)] : [],
  );

export function proofRoutes(operations: ProofOperations): readonly MountRoutes[] {
  return [requestRoutes(operations), verifyRoutes(operations.verifyEmail)];
}

function requestRoutes({ requestProof, changeEmail, requireRecentProof }: ProofOperations): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const limited = rateLimits.placeHook('mail');
    const proofSchema = {
      body: emptyBody,
      ...operation({
        summary: 'Send me a code and a link that prove my e-mail',
        bearer: true,
        refusals: [400, 429],
        response: accepted,
      }),
    };
    const proofOptions = { preValidation: optionalBody, schema: proofSchema, ...limited };
    app.post('/auth/email/verification', proofOptions, async (request, reply) => {
      const { sub: userId, sid: sessionId } = await authenticate(request);
      await rateLimits.spend('mail', userId, request);
      await requestProof({ userId, sessionId }, request.actor);
      return reply.code(202).send({});
    });

    const changeSchema = {
      body: changeBody,
      ...operation({
        summary: 'Change my e-mail, once the new one is proved',
        bearer: true,
        refusals: [400, 403, 429],
        response: accepted,
      }),
    };
    app.post('/auth/email', { schema: changeSchema, ...limited }, async (request, reply) => {
      const claims = await authenticate(request);
      const { sub: userId, sid: sessionId } = claims;
      await rateLimits.spend('mail', userId, request);
      await requireRecentProof(claims);
      await changeEmail(request.body.email, { userId, sessionId }, request.actor);
      return reply.code(202).send({});
    });
  };
}

function verifyRoutes({ byLink, byCode }: VerifyEmail): MountRoutes {
  return (app, mount) => {
    const { authenticate, rateLimits } = mount;
    linkPage(app, mount, verifyPath, (token, language, about) =>
      about === registrationAbout
        ? questionPage(
            language,
            'verify',
            (texts) => [registrationForm(token, texts)],
            ({ verify }) => verify.registration,
          )
        : questionPage(language, 'verify', ({ verify: { button } }) => [
            { action: verifyPath, hidden: { token }, button },
          ]),
    );
    const schema = {
      body: verifyBody,
      ...operation({
        summary:
          'Prove an e-mail with the token of the link, and confirm a registration with its password; or with the code and a bearer token',
        refusals: [400, 401, 429, 503],
        response: noContent,
      }),
    };
    const options = {
      schema,
      config: { refusalPage: refused },
      ...rateLimits.placeHook('links'),
    };
    app.post(verifyPath, options, async (request, reply) => {
      const { token, code, password } = request.body as { token?: string; code?: string; password?: string };
      if ((token === undefined) === (code === undefined))
        throw invalidField('body', 'one_of', 'must have either token or code');
      if (token !== undefined) await byLink(token, request.actor, password);
      if (code !== undefined) {
        const { sub } = await authenticate(request);
        await rateLimits.spend('links', sub, request);
        await byCode(sub, code, request.actor);
      }
      if (isForm(request)) return sendPage(reply, 200, donePage(request.actor.language, 'verify'));
      return reply.code(204).send(null);
    });
  };
}

function registrationForm(token: string, { verify: { password, button } }: PageTexts): Form {
  const fields = html`<label for="password">${password}</label><input id="password" name="password" type="password" autocomplete="current-password" required>`;
  return { action: verifyPath, hidden: { token }, fields, button };
}
