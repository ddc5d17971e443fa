/** Devices and sessions: where, what, when; each can be ended, with the time until no service accepts it any more. */
import { useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import { Pages } from '../parts/table.tsx';
import type { Session, Sessions } from './answers.ts';
import { useTexts } from './useTexts.ts';

export function SessionsView() {
  const { api, router, ask, act, texts: partTexts, formats } = useApp();
  const { sessions: texts } = useTexts();
  const after = router.place.value.query.get('after');
  const query = after === null ? '' : `?${new URLSearchParams({ page_token: after })}`;
  const loaded = useLoaded(() => api.get<Sessions>(`/auth/sessions${query}`), query);

  /** Asks, ends, says after which time it was in effect. */
  const end = async (button: string, text: string, method: 'POST' | 'DELETE', path: string) => {
    if (!(await ask({ title: button, text, button, destroys: true }))) return;
    const body = method === 'POST' ? {} : undefined;
    await act(async () => {
      const { effectMs } = await api.call(method, path, body);
      return partTexts.inEffect(effectMs === undefined ? undefined : formats.milliseconds(effectMs));
    });
    loaded.reload();
  };
  return (
    <>
      <p>{texts.explanation}</p>
      <Show loaded={loaded}>
        {({ sessions, next_page_token: next }) => (
          <>
            <div class="buttons">
              <button
                type="button"
                onClick={() => end(texts.endOthers, texts.endOthersQuestion, 'POST', '/auth/logout-others')}
              >
                {texts.endOthers}
              </button>
              <button
                type="button"
                onClick={() => end(texts.endAll, texts.endAllQuestion, 'POST', '/auth/logout-all')}
              >
                {texts.endAll}
              </button>
            </div>
            {sessions.length === 0 && <p class="empty">{texts.none}</p>}
            <ul class="cards">
              {sessions.map((session) => (
                <li key={session.id} class="card">
                  <SessionFacts session={session} />
                  <button
                    type="button"
                    aria-label={texts.endNamed(nameOf(session, texts.unknownDevice))}
                    onClick={() =>
                      end(
                        texts.endNamed(nameOf(session, texts.unknownDevice)),
                        texts.endQuestion,
                        'DELETE',
                        `/auth/sessions/${session.id}`,
                      )
                    }
                  >
                    {texts.end}
                  </button>
                </li>
              ))}
            </ul>
            <Pages next={next} />
          </>
        )}
      </Show>
    </>
  );
}

/** Texts of clients are shown as they are, but not at any length. */
function nameOf({ device_name, browser, os, user_agent }: Session, unknown: string): string {
  const program = [browser, os].filter((each) => each !== null).join(', ');
  const name = [device_name, program].filter((each) => each !== null && each !== '').join(' – ');
  return name === '' ? (user_agent ?? unknown).slice(0, 100) : name;
}

/** Loading a page again and again is not. */
function isUnusual({ context_change: change }: Session): boolean {
  return change?.signals.some((signal) => signal !== 'rapid_refresh') ?? false;
}

export function SessionFacts({ session }: { readonly session: Session }) {
  const { formats, texts: partTexts } = useApp();
  const { sessions: texts } = useTexts();
  return (
    <>
      <h2>
        <bdi>{nameOf(session, texts.unknownDevice)}</bdi>
      </h2>
      {session.current && (
        <p>
          <span class="mark">{texts.current}</span>
        </p>
      )}
      {isUnusual(session) && <p class="problem">{texts.unusual}</p>}
      <dl class="facts">
        <dt>{texts.lastUsed}</dt>
        <dd>
          <time dateTime={session.last_used_at} title={formats.time(session.last_used_at)}>
            {formats.ago(session.last_used_at)}
          </time>
        </dd>
        <dt>{texts.signedIn}</dt>
        <dd>{formats.time(session.created_at)}</dd>
        <dt>{texts.endsUnused}</dt>
        <dd>{formats.time(session.expires_at)}</dd>
        <dt>{texts.address}</dt>
        <dd>{session.ip ?? partTexts.unknown}</dd>
      </dl>
    </>
  );
}
