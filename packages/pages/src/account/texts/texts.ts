/** What the account page says. A missing text is a type error. */
export interface AccountTexts {
  readonly title: string;
  readonly overview: { readonly title: string };
}
