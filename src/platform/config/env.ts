/** The only place that touches the process's environment; everything else is given what it needs. */

export type Environment = Readonly<Record<string, string | undefined>>;

export function processEnvironment(): Environment {
  return process.env;
}
