/** The frame of a page: header, areas, the view, what the last act did; and what stands in its place once the session is gone. */
import type { ComponentChildren, ComponentType } from 'preact';
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import { type App, useApp } from './app.ts';
import { signInAddress } from './signInAddress.ts';

/** A view with an address of its own. `path` may end in parameters: `users/:id`. */
export interface Area {
  readonly path: string;
  readonly title: string;
  readonly view: ComponentType<{ readonly parameters: Readonly<Record<string, string>> }>;
  /** Not in the navigation. */
  readonly isHidden?: boolean;
}

export interface Frame {
  readonly title: string;
  readonly areas: readonly Area[];
}

export function Shell({ title, areas }: Frame) {
  const { session, router, texts } = useApp();
  const state = session.state.value;
  const { path } = router.place.value;
  const found = areas.flatMap((area) => {
    const parameters = parametersIn(area.path, path);
    return parameters === undefined ? [] : [{ area, parameters }];
  })[0];
  const heading = found?.area.title ?? texts.notFound.title;
  const main = useRef<HTMLElement>(null);
  const navigation = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${heading} – ${title}`;
    navigation.current
      ?.querySelector('[aria-current]')
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    // Readers of screens learn that the view is another one.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [path, heading]);

  if (state === 'opening' || state === 'none') return <Opening />;
  if (state !== 'open') return <Gone title={title} />;
  const View = found?.area.view;
  return (
    <>
      <a class="skip" href="#view">
        {texts.skip}
      </a>
      <header class="top">
        <a class="name" href={router.base}>
          {title}
        </a>
        <SignOut />
      </header>
      <div class="frame">
        <nav ref={navigation} aria-label={texts.areas}>
          <ul>
            {areas
              .filter(({ isHidden }) => isHidden !== true)
              .map((area) => (
                <li key={area.path}>
                  <a
                    href={router.addressOf(area.path)}
                    aria-current={area === found?.area ? 'page' : undefined}
                  >
                    {area.title}
                  </a>
                </li>
              ))}
          </ul>
        </nav>
        <main id="view" ref={main} tabIndex={-1}>
          <h1>{heading}</h1>
          <Said />
          {View === undefined ? (
            <p>{texts.notFound.text}</p>
          ) : (
            // A new place is a new view: nothing of the one before stays in its fields.
            <Understood key={path}>
              <View parameters={found?.parameters ?? {}} />
            </Understood>
          )}
        </main>
      </div>
    </>
  );
}

function parametersIn(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const pairs = wanted.map((part, index) => [part, given[index] ?? ''] as const);
  if (pairs.some(([part, value]) => !part.startsWith(':') && part !== value)) return undefined;
  const named = pairs.filter(([part]) => part.startsWith(':'));
  try {
    return Object.fromEntries(named.map(([part, value]) => [part.slice(1), decodeURIComponent(value)]));
  } catch {
    return undefined;
  }
}

/** Until there is a session; and why there is none yet. */
function Opening() {
  const { notice, session, act, texts } = useApp();
  const again = () =>
    act(async () => {
      await session.token();
      return undefined;
    });
  return (
    <main class="narrow">
      <Said />
      {notice.value === undefined ? (
        texts.loading
      ) : (
        <button type="button" onClick={again}>
          {texts.tryAgain}
        </button>
      )}
    </main>
  );
}

/** A page that was open while the authority was updated may not understand what it is answered. */
function Understood({ children }: { readonly children: ComponentChildren }) {
  const { texts } = useApp();
  // Also among the errors of the browser, where tests and developers look.
  const [fault] = useErrorBoundary((error) => reportError(error));
  if (fault === undefined) return <>{children}</>;
  return (
    <div role="alert" class="notice problem">
      <p>{texts.outdated}</p>
      <a class="button" href={location.href} target="_self">
        {texts.other.button}
      </a>
    </div>
  );
}

/** Always there, so that what comes into it is read out. */
function Said() {
  const { notice } = useApp();
  const said = notice.value;
  return (
    <div role="status" class="said">
      {said !== undefined && <p class={`notice ${said.kind}`}>{said.text}</p>}
    </div>
  );
}

function SignOut() {
  const app = useApp();
  return (
    <button type="button" class="quiet" onClick={() => signOut(app)}>
      {app.texts.signOut}
    </button>
  );
}

async function signOut({ api, session, act }: App): Promise<void> {
  await act(async () => {
    await api.call('POST', '/auth/logout', {}, { 'countersign-csrf': '1' });
    session.end('signedOut');
    return undefined;
  });
}

function Gone({ title }: { readonly title: string }): ComponentChildren {
  const { session, texts } = useApp();
  const state = session.state.value;
  const { title: heading, text } = state === 'other' ? texts.other : texts.ended;
  const isSignedOut = state === 'signedOut';
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <main class="narrow">
      <div role="alert">
        <h1>{isSignedOut ? title : heading}</h1>
        <p>{isSignedOut ? texts.signedOut : text}</p>
      </div>
      <p>
        {state === 'other' ? (
          <a class="button" href={location.pathname} target="_self">
            {texts.other.button}
          </a>
        ) : (
          <a class="button" href={signInAddress()}>
            {texts.signIn}
          </a>
        )}
      </p>
    </main>
  );
}
