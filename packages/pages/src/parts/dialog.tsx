/** Native dialogs: the browser keeps the focus inside, and gives it back. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { type Question, useApp } from '../app/app.ts';
import { Field } from './field.tsx';

export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** Two buttons; with `typed`, also a field. Enter goes on, Escape does not. */
export function QuestionDialog({
  question: { title, text, button, destroys = false, typed },
  onAnswer,
}: {
  readonly question: Question;
  readonly onAnswer: (goesOn: boolean) => void;
}) {
  const { texts } = useApp();
  const [given, setGiven] = useState('');
  const isReady = typed === undefined || given.trim() === typed;
  return (
    <Dialog title={title} onClose={() => onAnswer(false)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onAnswer(true);
        }}
      >
        <p>{text}</p>
        {typed !== undefined && (
          <Field label={texts.typeToConfirm(typed)} value={given} onValue={setGiven} autocomplete="off" />
        )}
        <div class="buttons">
          <button type="submit" class={destroys ? 'destroys' : 'main'} disabled={!isReady}>
            {button}
          </button>
          <button type="button" onClick={() => onAnswer(false)}>
            {texts.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
