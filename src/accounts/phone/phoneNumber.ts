/** Phone numbers: one spelling each (E.164), of mobile networks, in the countries that the operator allows. */
import { invalidField } from '@countersign/verifier/errors';

declare const brand: unique symbol;
/** A checked number; only `PhoneNumbers` makes one. */
export type Phone = string & { readonly [brand]: 'Phone' };

export interface PhoneNumbers {
  /** Throws `invalid_request` with one error for the field `phone`. It says nothing about who has the number. */
  check(text: string): Promise<Phone>;
  /** Whether a number that was checked before may still get messages: the operator may have taken its country out. */
  isAllowed(phone: Phone): Promise<boolean>;
}

/** ASCII digits. */
const form = /^\+[1-9][0-9]{6,14}$/;

/** `countries`: ISO 3166-1 alpha-2. The country decides, not the prefix: +1 is the United States and twenty others. */
export function createPhoneNumbers(countries: readonly string[]): PhoneNumbers {
  return {
    async check(text) {
      if (!form.test(text))
        throw invalid('format', 'must be + and 7 to 15 digits, with the country code (E.164)');
      // Loaded by the few who use phones.
      const { parseNumber } = await import('./mobileNumbers.ts');
      const parsed = parseNumber(text);
      // A number with the zero of national calls would be a second spelling.
      if (parsed?.number !== text || !parsed.isValid())
        throw invalid('mobile', 'must be the number of a mobile phone');
      if (parsed.country === undefined || !countries.includes(parsed.country))
        throw invalid(
          'country',
          `must be a number of a country in SMS_COUNTRIES: ${countries.join(', ') || 'none'}`,
        );
      return text as Phone;
    },

    async isAllowed(phone) {
      const { parseNumber } = await import('./mobileNumbers.ts');
      const country = parseNumber(phone)?.country;
      return country !== undefined && countries.includes(country);
    },
  };
}

/** For people who know the number. */
export function maskedPhone(phone: Phone): string {
  return `${phone.slice(0, 3)}…${phone.slice(-2)}`;
}

function invalid(rule: 'format' | 'mobile' | 'country', message: string) {
  return invalidField('phone', rule, message);
}

/** The account a request is about, for rate limits. */
export function phoneIn({ body }: { readonly body: unknown }): string | undefined {
  const { phone } = body as { readonly phone?: unknown };
  return typeof phone === 'string' && form.test(phone) ? phone : undefined;
}
