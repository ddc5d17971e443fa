/**
 * Whether the database is still the truth that this node wrote to. Owns the doubts about it and what they mean: no lease,
 * and no answer to anybody, since asking the database would ask the wrong one. Does not own how doubts arise: the canary
 * (truth/proveTruth.ts) and what was seen before (sighting.ts).
 */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';

export interface Doubt {
  /**
   * `contradiction`: what is read is not what was written; over when it is again. `older`: the database has less than was
   * seen; `other`: it is that of another deployment. These are over when an operator has decided what that means.
   */
  readonly kind: 'contradiction' | 'older' | 'other';
  /** One sentence for an operator. */
  readonly what: string;
}

/** Over when an operator has decided, and not before. */
export function isForOperator(doubt: Doubt | undefined): boolean {
  return doubt !== undefined && doubt.kind !== 'contradiction';
}

export interface Truth {
  /** The gravest doubt; undefined when there is none. */
  doubt(): Doubt | undefined;
  trusted(): boolean;
  /** Throws `unavailable` while there is a doubt. */
  refuseInDoubt(): void;
  /** `source`: who doubts; one doubt for each. With `forMs` it is over after that, unless it is cast again. */
  cast(source: string, doubt: Doubt, forMs?: number): void;
  clear(source: string): void;
  /** Resolves when there is no doubt. */
  whenTrusted(): Promise<void>;
}

export function createTruth(parts: {
  readonly clock: Pick<Clock, 'after'>;
  /** Told when the gravest doubt is another one, or when there is none any more. */
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
