/** The page that completes a sign-in with another provider: one button, and no script. */
import { questionPage, refusalPage } from '../../accounts/pages.ts';
import type { RefusalPage } from '../../transport/http/forms.ts';
import type { Page } from '../../transport/http/page.ts';
import { providerPath } from '../signIn/paths.ts';

export const refused: RefusalPage = ({ actor }, error) => refusalPage(actor.language, error);

/** `isLink`: it only chooses the words. */
export function completePage(language: string | undefined, handle: string, isLink: boolean): Page {
  const page = questionPage(
    language,
    'provider',
    ({ provider: { button } }) => [{ action: providerPath, hidden: { handle }, button }],
    ({ provider: { explanation, link } }) => (isLink ? link : explanation),
  );
  return { ...page, hasOwnForm: true };
}
