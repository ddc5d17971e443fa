/** Applications with access, and accounts elsewhere that sign the user in. */
import { Fragment } from 'preact';
import { type App, useApp } from '../app/app.ts';
import { useLoaded } from '../app/useLoaded.ts';
import { Show } from '../parts/loading.tsx';
import type { Apps, Links, Providers } from './answers.ts';
import type { AccountTexts } from './texts/texts.ts';
import { useTexts } from './useTexts.ts';

export function AppsView() {
  const { api } = useApp();
  const { apps: texts } = useTexts();
  const loaded = useLoaded(async () => {
    const [apps, links, providers] = await Promise.all([
      api.get<Apps>('/auth/apps'),
      api.get<Links>('/auth/providers/links'),
      api.get<Providers>('/auth/providers'),
    ]);
    return { ...apps, ...links, ...providers };
  });
  return (
    <Show loaded={loaded}>
      {({ apps, links, providers }) => (
        <>
          <section>
            <h2>{texts.apps}</h2>
            <p>{texts.appsExplanation}</p>
            <AllowedApps apps={apps} onChange={loaded.reload} />
          </section>
          <section>
            <h2>{texts.links}</h2>
            <p>{texts.linksExplanation}</p>
            <Linked links={links} providers={providers} onChange={loaded.reload} />
          </section>
        </>
      )}
    </Show>
  );
}

interface Ending {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly path: string;
}

/** Asks first, and says after which time it was in effect. */
async function end({ ask, act, api, texts, formats }: App, { path, ...question }: Ending): Promise<void> {
  if (!(await ask({ ...question, destroys: true }))) return;
  await act(async () => {
    const { effectMs } = await api.call('DELETE', path);
    return texts.inEffect(effectMs === undefined ? undefined : formats.milliseconds(effectMs));
  });
}

function AllowedApps({ apps, onChange }: Apps & { readonly onChange: () => void }) {
  const app = useApp();
  const { apps: texts } = useTexts();
  if (apps.length === 0) return <p class="empty">{texts.noApps}</p>;
  return (
    <ul class="cards">
      {apps.map(({ client_id: id, name, resources, granted_at: since }) => (
        <li key={id} class="card">
          <h3>
            <bdi>{name}</bdi>
          </h3>
          <dl class="facts">
            <dt>{texts.since}</dt>
            <dd>{app.formats.time(since)}</dd>
            {resources.map(({ audience, scopes }) => (
              <Fragment key={audience}>
                <dt>{texts.scopesAt(audience)}</dt>
                <dd>{scopes.join(', ')}</dd>
              </Fragment>
            ))}
          </dl>
          <button
            type="button"
            aria-label={texts.takeBackNamed(name)}
            onClick={() =>
              end(app, {
                ...{ title: texts.takeBackNamed(name), text: texts.takeBackQuestion },
                ...{ button: texts.takeBack, path: `/auth/apps/${id}` },
              }).then(onChange)
            }
          >
            {texts.takeBack}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Linked({ links, providers, onChange }: Links & Providers & { readonly onChange: () => void }) {
  const app = useApp();
  const texts = useTexts();
  return (
    <>
      {links.length === 0 && <p class="empty">{texts.apps.noLinks}</p>}
      <ul class="cards">
        {links.map((link) => (
          <LinkCard key={link.id} link={link} onChange={onChange} />
        ))}
      </ul>
      <div class="buttons">
        {providers.map(({ name, label }) => (
          <button key={name} type="button" onClick={() => startLink(app, name)}>
            {texts.apps.link(label)}
          </button>
        ))}
      </div>
    </>
  );
}

function LinkCard({
  link: { id, label, created_at: created, last_used_at: used },
  onChange,
}: {
  readonly link: Links['links'][number];
  readonly onChange: () => void;
}) {
  const app = useApp();
  const { apps: texts, factors }: AccountTexts = useTexts();
  return (
    <li class="card">
      <h3>
        <bdi>{label}</bdi>
      </h3>
      <dl class="facts">
        <dt>{factors.created}</dt>
        <dd>{app.formats.time(created)}</dd>
        <dt>{factors.lastUsed}</dt>
        <dd>{used === null ? factors.never : app.formats.ago(used)}</dd>
      </dl>
      <button
        type="button"
        aria-label={texts.unlinkNamed(label)}
        onClick={() =>
          end(app, {
            ...{ title: texts.unlinkNamed(label), text: texts.unlinkQuestion },
            ...{ button: texts.unlink, path: `/auth/providers/links/${id}` },
          }).then(onChange)
        }
      >
        {texts.unlink}
      </button>
    </li>
  );
}

/** The browser goes to the provider, and comes back to this view. */
async function startLink({ api, act, router }: App, provider: string): Promise<void> {
  await act(async () => {
    const { body } = await api.call<{ location: string }>('POST', `/auth/providers/${provider}/link`, {
      return_to: router.addressOf('apps'),
    });
    location.assign(body.location);
    return undefined;
  });
}
