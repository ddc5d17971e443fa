/** The account page: a user's own devices, ways to sign in, and what happened. */
import { openPage } from '../app/openPage.tsx';
import { accountTexts } from './texts/languages.ts';

await openPage('/account/', (language) => {
  const texts = accountTexts[language];
  return { title: texts.title, areas: [{ path: '', title: texts.overview.title, view: () => null }] };
});
