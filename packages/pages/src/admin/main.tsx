/** The console, for users with the role. Each screen is an area in a file of its own beside this one. */
import { openPage } from '../app/openPage.tsx';
import { adminTexts } from './texts/languages.ts';

await openPage('/admin/', (language) => {
  const texts = adminTexts[language];
  return { title: texts.title, areas: [{ path: '', title: texts.effect.title, view: () => null }] };
});
