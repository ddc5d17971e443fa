/** Limits of rights. The unit is in the name, the reason beside it. */
export const rightsLimits = {
  nameCharacters: 64,
  scopeCharacters: 128,
  /** All scopes of a resource together: a token that carries them all still fits into a header of 8 KiB. */
  resourceScopesCharacters: 2_000,
  resources: 200,
  roles: 1_000,
  /** Of one user: with names of full length, 1,300 characters of a token. */
  rolesOfSubject: 20,
  /** Users in one transaction while a role changes: their sessions are locked together. */
  pageSubjects: 100,
  /** A change that its caller did not finish is taken over by a job after this. */
  takeOverMilliseconds: 10_000,
  grantsPageRows: 500,
} as const;
