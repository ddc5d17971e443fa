/**
 * Whether the database is still the one that this node wrote to. Owns the doubts and their effect: no lease and no answers,
 * because asking the database would ask the wrong one. Does not own how doubts arise: the canary (truth/proveTruth.ts) and
 * sightings (sighting.ts).
 */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';

export interface Doubt {
  /**
   * `contradiction`: reads differ from writes; ends when they agree again. `older`: the database lacks what was seen. `other`: it
   * belongs to another deployment. The last two end only with an operator's decision.
   */
  readonly kind: 'contradiction' | 'older' | 'other';
  /** One sentence for an operator. */
  readonly what: string;
}

/** True when only an operator's decision ends the doubt. */
export function isForOperator(doubt: Doubt | undefined): boolean {
  return doubt !== undefined && doubt.kind !== 'contradiction';
}

export interface Truth {
  /** The gravest doubt; undefined without one. */
  doubt(): Doubt | undefined;
  trusted(): boolean;
  /** Throws `unavailable` while there is a doubt. */
  refuseInDoubt(): void;
  /** `source` has at most one doubt. With `forMs` the doubt ends after that, unless cast again. */
  cast(source: string, doubt: Doubt, forMs?: number): void;
  clear(source: string): void;
  /** Resolves when there is no doubt. */
  whenTrusted(): Promise<void>;
}

export function createTruth(parts: {
  readonly clock: Pick<Clock, 'after'>;
  /** Called when the gravest doubt changes or ends. */
  readonly onChange: (doubt: Doubt | undefined) => void;
}): Truth {
  const { clock, onChange } = parts;
  const doubts = new Map<string, { readonly doubt: Doubt; readonly cancel: Cancel }>();
  const waiting: (() => void)[] = [];
  let gravest: Doubt | undefined;

  const look = () => {
    const all = [...doubts.values()].map(({ doubt }) => doubt);
    const now = all.find(isForOperator) ?? all[0];
    if (now?.kind === gravest?.kind && now?.what === gravest?.what) return;
    gravest = now;
    onChange(gravest);
    if (gravest !== undefined) return;
    for (const resolve of waiting.splice(0)) resolve();
  };
  const clear = (source: string) => {
    doubts.get(source)?.cancel();
    doubts.delete(source);
    look();
  };

  return {
    doubt: () => gravest,
    trusted: () => gravest === undefined,
    refuseInDoubt() {
      if (gravest === undefined) return;
      throw new AuthorityError('unavailable', { retryAfterSeconds: 5, reason: `database_${gravest.kind}` });
    },
    cast(source, doubt, forMs) {
      doubts.get(source)?.cancel();
      const cancel = forMs === undefined ? () => {} : clock.after(forMs, () => clear(source));
      doubts.set(source, { doubt, cancel });
      look();
    },
    clear,
    async whenTrusted() {
      if (gravest !== undefined) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
