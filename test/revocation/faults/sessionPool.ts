/** The sessions of the clients, by what their owners know of them. Nobody is at work on one that was taken out. */

export interface Session {
  readonly id: string;
  /** Of the first access token. */
  readonly jti: string;
  accessToken: string;
  refreshToken: string;
  /** Not while one is under way, nor after an unknown outcome: to repeat that one later would look like theft. */
  refreshable: boolean;
}

/** Enough to choose from; of those that ended, what came last is asked about most. */
const [mostLive, mostRecent] = [40, 20];
/** So many live ones are kept to be asked about. */
const leastLive = 5;

export function createSessionPool() {
  const live: Session[] = [];
  /** Their logout was refused, or not answered. */
  const unknown: Session[] = [];
  const ended: Session[] = [];
  return {
    ended,
    live: (): readonly Session[] => live,
    wantsMore: () => live.length < mostLive,
    add: (session: Session) => void live.push(session),
    /** To log it out. One that was refused is tried again now and then, as a client would. */
    take: () => taken(live.length <= leastLive || Math.random() < 0.3 ? unknown : live),
    putBack: (session: Session) => void unknown.push(session),
    /** To refresh it; one that has ended, now and then. */
    refreshable: () => oneOf((Math.random() < 0.2 ? recent(ended) : live).filter((one) => one.refreshable)),
    /** To ask about it. */
    any: () => oneOf(oneOf([live, live, recent(ended), ended, unknown].filter(isNotEmpty)) ?? []),
    /** To ask about them at once. */
    some: () => [...recent(live), ...recent(unknown), ...recent(ended)],
  };
}

const isNotEmpty = (list: readonly unknown[]) => list.length > 0;
const recent = (list: readonly Session[]) => list.slice(-mostRecent);

function oneOf<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)];
}

function taken<T>(list: T[]): T | undefined {
  return list.splice(Math.floor(Math.random() * list.length), 1)[0];
}
