/** What the table of settings says of each. */

export type SettingKind =
  | 'string'
  | 'host'
  | 'port'
  | 'count'
  | 'duration'
  | 'secret'
  | 'secrets'
  | 'password'
  | 'url'
  | 'origins'
  | 'redis'
  | 'enum'
  | 'several'
  | 'file'
  | 'path'
  | 'networks'
  | 'scale';

export interface Setting {
  readonly kind: SettingKind;
  /** As an operator would write it. Without it the variable may stay unset. */
  readonly default?: string;
  /** What happens when it is not set, where that is not a plain default. */
  readonly whenUnset?: string;
  /** The form and unit of the value, completing "must be …". */
  readonly format: string;
  readonly description: string;
  /** Its value is never shown to anyone, in no message. */
  readonly secret?: true;
  /** For kind `url`. */
  readonly schemes?: readonly string[];
  /** For kinds `enum` and `several`. */
  readonly choices?: readonly string[];
  /** For kind `count`, in whole numbers. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** For kind `duration`: the bounds as durations, and whether fractions of a second are refused. */
  readonly minimum?: string;
  readonly maximum?: string;
  readonly wholeSeconds?: true;
}
