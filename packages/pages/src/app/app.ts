/** What every view of a page uses. Made once by `openPage`; views find it with `useApp`. */
import type { ReadonlySignal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Api } from '../api/api.ts';
import type { Session } from '../api/session.ts';
import type { Formats } from '../parts/formats.ts';
import type { InEveryLanguage } from '../texts/languages.ts';
import type { PartTexts } from '../texts/parts.ts';
import type { Router } from './router.ts';

export interface Notice {
  readonly kind: 'done' | 'problem';
  readonly text: string;
}

export interface Question {
  readonly title: string;
  readonly text: string;
  /** The button that goes on. */
  readonly button: string;
  /** What it does cannot be undone. */
  readonly destroys?: boolean;
  /** The user must type this first. */
  readonly typed?: string;
}

export interface App {
  readonly api: Api;
  readonly session: Session;
  readonly router: Router;
  readonly formats: Formats;
  readonly texts: PartTexts;

  readonly language: keyof InEveryLanguage<unknown>;
  /** What the last act did; gone with the next view. */
  readonly notice: ReadonlySignal<Notice | undefined>;
  say(notice: Notice | undefined): void;
  /** The dialog of a step-up; false when the user would rather not. */
  proveAgain(): Promise<boolean>;
  /** A dialog with two buttons. */
  ask(question: Question): Promise<boolean>;
  /**
   * Runs an act of the user: a refusal becomes a sentence, closing a dialog does nothing. Resolves with whether it was done.
   */
  act(work: () => Promise<string | undefined>): Promise<boolean>;
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error('no page is open');
  return app;
}
