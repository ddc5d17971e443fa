/** What the console says. A missing text is a type error. */
export interface AdminTexts {
  readonly title: string;
  readonly effect: { readonly title: string };
}
