/** A change by an administrator: asks for the reason, and for a confirmation; makes it; says when it was in effect. */
import { useState } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { useAdmin } from './adminApi.ts';
import { useTexts } from './useTexts.ts';

export interface Change<Body> {
  readonly title: string;
  readonly text?: string;
  readonly destroys?: boolean;
  /** The administrator must type this first. */
  readonly typed?: string;
  readonly method: string;
  readonly request: object;
  /** What is said afterwards; by default that it is done, and after which time it was in effect. */
  readonly done?: (body: Body) => string;
}

const reasonCharacters = 200;

interface Asked {
  readonly change: Pick<Change<unknown>, 'title' | 'text' | 'destroys' | 'typed'>;
  readonly answer: (reason: string | undefined) => void;
}

/** `dialog` must be in the view. `reload` is called after each change. */
export function useChange(reload: () => void = () => {}) {
  const { act, texts: partTexts, formats } = useApp();
  const api = useAdmin();
  const texts = useTexts();
  const [asked, setAsked] = useState<Asked>();
  const askForReason = (change: Asked['change']) =>
    new Promise<string | undefined>((resolve) =>
      setAsked({
        change,
        answer(reason) {
          setAsked(undefined);
          resolve(reason);
        },
      }),
    );
  const make = async <Body,>(change: Change<Body>): Promise<boolean> => {
    const reason = await askForReason(change);
    if (reason === undefined) return false;
    const isDone = await act(async () => {
      const { body, effectMs } = await api.call<Body>(change.method, change.request, reason);
      if (change.done !== undefined) return change.done(body);
      return effectMs === undefined ? texts.done : partTexts.inEffect(formats.milliseconds(effectMs));
    });
    reload();
    return isDone;
  };
  return {
    make,
    askForReason,
    dialog: asked === undefined ? null : <ReasonDialog {...asked} />,
  };
}

function ReasonDialog({ change: { title, text, destroys = false, typed }, answer }: Asked) {
  const { texts: partTexts } = useApp();
  const texts = useTexts();
  const [reason, setReason] = useState('');
  const [given, setGiven] = useState('');
  const isReady = reason.trim() !== '' && (typed === undefined || given.trim() === typed);
  return (
    <Dialog title={title} onClose={() => answer(undefined)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) answer(reason.trim());
        }}
      >
        {text !== undefined && <p dir="auto">{text}</p>}
        <Field
          label={texts.reason}
          hint={texts.reasonHint}
          value={reason}
          onValue={setReason}
          maxLength={reasonCharacters}
          autocomplete="off"
          required
        />
        {typed !== undefined && (
          <Field label={partTexts.typeToConfirm(typed)} value={given} onValue={setGiven} autocomplete="off" />
        )}
        <div class="buttons">
          <button type="submit" class={destroys ? 'destroys' : 'main'} disabled={!isReady}>
            {title}
          </button>
          <button type="button" onClick={() => answer(undefined)}>
            {partTexts.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
