/** Opens a page: its session, its frame, its dialogs. The entries of both pages call this and nothing else. */
import { signal } from '@preact/signals';
import { render } from 'preact';
import { createApi } from '../api/api.ts';
import { Refusal } from '../api/refusal.ts';
import { createSession } from '../api/session.ts';
import { QuestionDialog } from '../parts/dialog.tsx';
import { createFormats } from '../parts/formats.ts';
import { languageOf, localeFor, partTexts } from '../texts/languages.ts';
import { sentenceOf } from '../texts/problems.ts';
import { type App, AppContext, type Notice, type Question } from './app.ts';
import { noticeEnd } from './noticeEnd.ts';
import { ProveAgain } from './proveAgain.tsx';
import { createRouter } from './router.ts';
import { type Frame, Shell } from './shell.tsx';
import { signInAddress } from './signInAddress.ts';

/** What waits for the user, in front of the view. */
type Waiting = { readonly key: number } & (
  | { readonly kind: 'question'; readonly question: Question; readonly answer: (goesOn: boolean) => void }
  | { readonly kind: 'proof'; readonly answer: (isProved: boolean) => void }
);

/** `frameOf` is called once, with the language that has been chosen. */
export async function openPage(
  base: string,
  frameOf: (language: ReturnType<typeof languageOf>) => Frame,
): Promise<void> {
  const { lang, dataset } = document.documentElement;
  const language = languageOf(lang);
  const texts = partTexts[language];
  const session = createSession(dataset['audience'] ?? '');
  const router = createRouter(base);
  const waiting = signal<readonly Waiting[]>([]);
  const notice = signal<Notice | undefined>(undefined);

  let asked = 0;
  const wait = (make: (answer: (value: boolean) => void, key: number) => Waiting) =>
    new Promise<boolean>((resolve) => {
      const one = make((value) => {
        waiting.value = waiting.value.filter((each) => each !== one);
        resolve(value);
      }, asked++);
      waiting.value = [...waiting.value, one];
    });
  let proof: Promise<boolean> | undefined;
  /** Of several requests that need a proof, all wait for one dialog. */
  const proveAgain = () => {
    proof ??= wait((answer, key) => ({ key, kind: 'proof', answer })).finally(() => {
      proof = undefined;
    });
    return proof;
  };
  const app: App = {
    ...{ session, router, texts, language, notice, formats: createFormats(localeFor(language)) },
    ...{ proveAgain, api: createApi({ session, proveAgain }) },
    say(next) {
      notice.value = next;
    },
    ask: (question) => wait((answer, key) => ({ key, kind: 'question', question, answer })),
    async act(work) {
      app.say(undefined);
      try {
        const text = await work();
        if (text !== undefined) app.say({ kind: 'done', text });
        return true;
      } catch (error) {
        const refusal = error instanceof Refusal ? error : new Refusal('internal', { detail: String(error) });
        if (refusal.code !== 'cancelled' && refusal.code !== 'session_ended')
          app.say({ kind: 'problem', text: sentenceOf(texts, refusal) });
        return false;
      }
    },
  };
  let { path } = router.place.value;
  router.place.subscribe((place) => {
    if (place.path !== path) app.say(undefined);
    path = place.path;
  });
  // A browser that is not signed in comes back here afterwards.
  session.state.subscribe((state) => {
    if (state !== 'none') return;
    location.replace(signInAddress());
  });
  const frame = frameOf(language);
  const place = document.getElementById('page');
  if (place === null) throw new Error('the page has no place for its content');
  render(
    <AppContext.Provider value={app}>
      <Shell {...frame} />
      <Dialogs waiting={waiting} />
    </AppContext.Provider>,
    place,
  );
  noticeEnd(app);
  await app.act(async () => {
    await session.token();
    return undefined;
  });
}

/** The last one is in front. A dialog that closes may be here still when the next one comes. */
function Dialogs({ waiting }: { readonly waiting: { readonly value: readonly Waiting[] } }) {
  return (
    <>
      {waiting.value.map((one) =>
        one.kind === 'question' ? (
          <QuestionDialog key={one.key} question={one.question} onAnswer={one.answer} />
        ) : (
          <ProveAgain key={one.key} onAnswer={one.answer} />
        ),
      )}
    </>
  );
}
