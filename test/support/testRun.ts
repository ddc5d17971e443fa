/** What `npm test` makes once for all test files and hands to them in the environment. */
type Made = 'TEST_POSTGRES_HOME' | 'TEST_POSTGRES_URL' | 'TEST_POSTGRES_TEMPLATE' | 'TEST_PGLITE_TEMPLATES';

export function ofTestRun(name: Made): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this with \`npm test -- <file>\``);
  return value;
}
