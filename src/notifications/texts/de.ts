/** German. */

import type { NoticeSubject, Occasion, Told } from '../message.ts';
import { dePages } from './dePages.ts';
import type { MailText, Part, Texts } from './texts.ts';

const time = new Intl.DateTimeFormat('de-DE', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

function facts({ at, ip, device }: Occasion): Part {
  return {
    facts: [`Wann: ${time.format(at)} UTC`, device && `Gerät: ${device}`, ip && `Woher: ${ip} (IP-Adresse)`],
  };
}

function notice(subject: string, what: string, told: Told, more: readonly string[] = []): MailText {
  return {
    subject,
    body: [
      what,
      facts(told),
      ...more,
      'Waren Sie das, ist nichts zu tun.',
      `Waren Sie es nicht, ${remedies[told.about]}. Die Seite fragt nie nach Ihrem Passwort:`,
      { link: told.notMeLink },
      'Sie können auch selbst unsere App öffnen, wie Sie es immer tun, und dort Ihre Geräte ansehen.',
    ],
  };
}

/** „Waren Sie es nicht, ….“ */
const remedies: Readonly<Record<NoticeSubject, string>> = {
  session: 'beenden Sie die Sitzung hier',
  all: 'beenden Sie hier alle Sitzungen',
  factor: 'entfernen Sie ihn hier und beenden Sie alle Sitzungen',
  codes: 'machen Sie diese Codes hier unbrauchbar und beenden Sie alle Sitzungen',
  email: 'setzen Sie hier die Adresse zurück und beenden Sie alle Sitzungen',
};

const unusual = {
  notify: 'Die Sitzung läuft weiter.',
  step_up: 'Die Sitzung läuft weiter, aber Sie müssen vielleicht erneut nachweisen, wer Sie sind.',
  end: 'Wir haben die Sitzung zu Ihrer Sicherheit beendet.',
} as const;

const ignore = 'Haben Sie das nicht angefordert, ignorieren Sie diese Mail. Es ändert sich nichts.';
const never = 'Geben Sie diesen Code niemandem. Wir fragen nie danach.';

export const de: Texts = {
  language: 'de',
  mails: {
    verify_email: ({ code, minutes, link, linkHours }) => ({
      subject: `${code} ist Ihr Code zum Bestätigen der E-Mail-Adresse`,
      body: [
        'Geben Sie diesen Code ein, um Ihre E-Mail-Adresse zu bestätigen:',
        { code },
        `Der Code gilt ${minutes} Minuten. Oder öffnen Sie innerhalb von ${linkHours} Stunden diese Seite:`,
        { link },
        never,
        ignore,
      ],
    }),
    confirm_registration: ({ link, linkHours, ...occasion }) => ({
      subject: 'Bestätigen Sie Ihre Registrierung',
      body: [
        'Jemand möchte mit dieser E-Mail-Adresse ein Konto eröffnen. Waren Sie das, bestätigen Sie es hier:',
        { link },
        `Die Seite funktioniert einmal, ${linkHours} Stunden lang.`,
        facts(occasion),
        'Waren Sie es nicht, ignorieren Sie diese Mail: Ohne Bestätigung entsteht kein Konto.',
      ],
    }),
    email_taken: (occasion) => ({
      subject: 'Sie haben schon ein Konto',
      body: [
        'Jemand wollte sich mit dieser E-Mail-Adresse registrieren. Sie haben schon ein Konto, deshalb wurde kein neues angelegt.',
        facts(occasion),
        'Waren Sie das, öffnen Sie unsere App und melden Sie sich an. Haben Sie das Passwort vergessen, fordern Sie dort ein neues an.',
        'Waren Sie es nicht, ist nichts zu tun. Wer es war, hat nichts erfahren.',
      ],
    }),
    login_code: ({ code, minutes, ...occasion }) => ({
      subject: `${code} ist Ihr Code zum Anmelden`,
      body: [
        'Geben Sie diesen Code ein, um sich anzumelden:',
        { code },
        `Er gilt ${minutes} Minuten.`,
        facts(occasion),
        never,
        'Melden Sie sich gerade nicht an, kennt vielleicht jemand Ihr Passwort: Ändern Sie es.',
      ],
    }),
    recovery: ({ link, minutes, ...occasion }) => ({
      subject: 'Neues Passwort setzen',
      body: [
        'Jemand möchte für Ihr Konto ein neues Passwort setzen. Waren Sie das, tun Sie es hier:',
        { link },
        `Die Seite funktioniert einmal, ${minutes} Minuten lang. Alle Ihre Sitzungen enden dann.`,
        facts(occasion),
        ignore,
      ],
    }),
    account_recovered: (told) =>
      notice(
        'Ihr Passwort wurde per E-Mail neu gesetzt',
        'Ein neues Passwort wurde mit einem Link gesetzt, den wir an diese Adresse geschickt haben. Alle Sitzungen wurden beendet.',
        told,
      ),
    new_device: (told) =>
      notice(
        'Neues Gerät',
        'An Ihrem Konto hat sich ein Gerät oder Netz angemeldet, das wir nicht kennen.',
        told,
      ),
    password_changed: (told) =>
      notice('Ihr Passwort wurde geändert', 'Das Passwort Ihres Kontos wurde geändert.', told),
    one_time_password_set: (told) =>
      notice(
        'Der Support hat ein Einmalpasswort gesetzt',
        'Unser Support hat für Ihr Konto ein Passwort gesetzt, das für eine Anmeldung gilt; dann wählen Sie ein neues. Alle Sitzungen wurden beendet, und das frühere Passwort gilt nicht mehr.',
        told,
        [
          'Haben Sie nicht darum gebeten, setzen Sie auch ein neues Passwort: Wählen Sie in unserer App „Passwort vergessen“.',
        ],
      ),
    email_change_started: ({ newEmail, ...told }) =>
      notice(
        'Ihre E-Mail-Adresse soll geändert werden',
        'Jemand, der an Ihrem Konto angemeldet ist, möchte dessen E-Mail-Adresse ändern. Sie ändert sich, sobald die neue bestätigt ist.',
        told,
        [`Neue Adresse: ${newEmail}`],
      ),
    email_changed: ({ newEmail, ...told }) =>
      notice('Ihre E-Mail-Adresse wurde geändert', 'Die E-Mail-Adresse Ihres Kontos wurde geändert.', told, [
        `Neue Adresse: ${newEmail}`,
        'Wer dort Mails liest, kann ein neues Passwort setzen. Sie können die Adresse 7 Tage lang zurücksetzen; fragen Sie später unseren Support.',
      ]),
    email_restored: (occasion) => ({
      subject: 'Ihre E-Mail-Adresse wurde zurückgesetzt',
      body: [
        'Jemand, der an der früheren Adresse Ihres Kontos Mails liest, hat die Änderung zu dieser Adresse nicht veranlasst. Die frühere Adresse gilt wieder, und alle Sitzungen wurden beendet.',
        facts(occasion),
        'Ist das falsch, fragen Sie sofort unseren Support.',
      ],
    }),
    factor_added: ({ factor, ...told }) =>
      notice(
        'Ein Anmeldeweg wurde hinzugefügt',
        'Ihrem Konto wurde ein Weg zum Anmelden hinzugefügt.',
        told,
        [factor],
      ),
    factor_removed: ({ factor, ...told }) =>
      notice('Ein Anmeldeweg wurde entfernt', 'Von Ihrem Konto wurde ein Weg zum Anmelden entfernt.', told, [
        factor,
      ]),
    factors_reset_requested: ({ dueAt, link }) => ({
      subject: 'Ihre zweiten Faktoren sollen entfernt werden',
      body: [
        'Unser Support wurde gebeten, alles zu entfernen, was Sie neben dem Passwort nachweisen: Authenticator-Apps, Passkeys, das Telefon und Wiederherstellungscodes. Alle Ihre Sitzungen enden dann.',
        { facts: [`Wann: ${time.format(dueAt)} UTC`] },
        'Haben Sie darum gebeten, ist nichts zu tun.',
        'Wenn nicht, oder wenn Sie sie wiedergefunden haben, halten Sie es hier auf. Die Seite fragt nie nach Ihrem Passwort:',
        { link },
        'Auch eine Anmeldung mit einem davon hält es auf.',
      ],
    }),
    recovery_codes_created: (told) =>
      notice(
        'Neue Wiederherstellungscodes',
        'Für Ihr Konto wurden Wiederherstellungscodes gemacht. Frühere gelten nicht mehr.',
        told,
      ),
    recovery_code_used: ({ left, ...told }) =>
      notice(
        'Ein Wiederherstellungscode wurde benutzt',
        'Jemand hat sich mit einem Wiederherstellungscode Ihres Kontos angemeldet.',
        told,
        [`Verbleibende Codes: ${left}`],
      ),
    refresh_replayed: (told) =>
      notice(
        'Eine Sitzung wurde zu Ihrer Sicherheit beendet',
        'Zwei Programme haben dieselbe Sitzung Ihres Kontos benutzt: Eines davon hat sie vielleicht gestohlen. Wir haben sie beendet.',
        told,
      ),
    unusual_use: ({ outcome, ...told }) =>
      notice(
        'Ungewöhnliche Nutzung Ihres Kontos',
        'Eine Sitzung Ihres Kontos wurde mit einem anderen Gerät, Programm oder Ort benutzt als zuvor.',
        told,
        [unusual[outcome]],
      ),
    many_refusals: ({ outcome, ...told }) =>
      notice(
        'Anmeldung nach vielen Fehlversuchen',
        'Jemand hat sich an Ihrem Konto angemeldet, nachdem viele Passwörter oder Codes falsch waren.',
        told,
        [
          unusual[outcome],
          'Waren Sie es nicht, setzen Sie auch ein neues Passwort: Vielleicht wurde Ihres erraten.',
        ],
      ),
    passkey_cloned: ({ factor, ...told }) =>
      notice(
        'Ein Passkey wurde vielleicht kopiert',
        'Ein Passkey Ihres Kontos hat rückwärts gezählt, wie es eine Kopie tut. Wir haben ihn abgewiesen und seine Sitzungen beendet. Auf einem der beiden Geräte gilt er noch: Entfernen Sie ihn, wenn Sie nicht beide kennen.',
        told,
        [factor],
      ),
  },
  messages: {
    login_code: ({ code, minutes }) =>
      `${code} ist Ihr Code zum Anmelden. Er gilt ${minutes} Minuten. Geben Sie ihn niemandem.`,
    verify_phone: ({ code, minutes }) =>
      `${code} ist Ihr Code zum Bestätigen dieser Telefonnummer. Er gilt ${minutes} Minuten.`,
    factors_reset_requested: ({ dueAt, link }) =>
      `Ihre zweiten Faktoren werden entfernt (${time.format(dueAt)} UTC). Haben Sie nicht darum gebeten, halten Sie es auf: ${link}`,
  },
  pages: dePages,
};
