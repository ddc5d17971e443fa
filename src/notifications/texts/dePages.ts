/** The texts of pages in German. */
import type { PageTexts } from './texts.ts';

export const dePages: PageTexts = {
  signIn: {
    title: 'Anmelden',
    email: 'E-Mail',
    password: 'Passwort',
    button: 'Anmelden',
    withProvider: (label) => `Mit ${label} anmelden`,
    secondFactor: 'Weisen Sie einen zweiten Faktor nach.',
    withPasskey: 'Mit einem Passkey anmelden',
    passkeyRefused:
      'Der Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder auf einem anderen Weg.',
    forgotten: 'Ich habe mein Passwort vergessen',
    register: 'Konto eröffnen',
    mustAdd: 'Fügen Sie zuerst eine Authenticator-App hinzu: Die Anmeldung braucht einen zweiten Faktor.',
    addApp: 'Authenticator-App hinzufügen',
    scan: 'Scannen Sie dies mit Ihrer Authenticator-App, oder tippen Sie den Schlüssel ab. Geben Sie dann den Code ein, den sie zeigt.',
    totp: 'Code Ihrer Authenticator-App',
    recoveryCode: 'Wiederherstellungscode',
    sentCode: 'Der Code, den wir Ihnen geschickt haben',
    sendMail: 'Code per E-Mail schicken',
    sendSms: 'Code an mein Telefon schicken',
    keepCodes:
      'Schreiben Sie diese Wiederherstellungscodes auf und bewahren Sie sie sicher auf. Wenn Sie Ihr Telefon verlieren, melden Sie sich mit jedem davon einmal an. Sie werden nur jetzt gezeigt.',
    codesKept: 'Ich habe sie aufgeschrieben: weiter',
    goOn: 'Weiter',
    refusals: {
      invalid_credentials: 'E-Mail oder Passwort ist falsch.',
      invalid_code: 'Der Code ist falsch oder abgelaufen. Wenn das wieder geschieht, beginnen Sie von vorn.',
      recovery_required: 'Zu viele falsche Passwörter: Setzen Sie zuerst per E-Mail ein neues.',
      password_change_required: 'Wählen Sie zuerst ein neues Passwort: Dieses galt nur für eine Anmeldung.',
      rate_limited: 'Zu viele Versuche. Warten Sie eine Minute.',
      invalid_request: 'Etwas fehlt oder hat die falsche Form.',
      other: 'Hier ging etwas schief. Versuchen Sie es gleich noch einmal.',
    },
  },
  consent: {
    title: 'Zugriff erlauben?',
    asks: (application) => `${application} möchte auf Ihr Konto zugreifen.`,
    at: (audience) => `Der Zugriff gilt für ${audience}.`,
    wants: 'Die Anwendung möchte:',
    scopes: {
      openid: 'wissen, wer Sie sind',
      email: 'Ihre E-Mail-Adresse sehen',
      phone: 'Ihre Telefonnummer sehen',
      profile: 'Ihr Profil sehen',
      offline_access: 'den Zugriff behalten, wenn Sie sich hier abmelden',
    },
    allow: 'Erlauben',
    deny: 'Nicht erlauben',
  },
  signOut: {
    title: 'Abmelden',
    explanation: 'Hier abmelden, und von den Anwendungen, die Sie von hier aus geöffnet haben?',
    button: 'Abmelden',
    done: 'Sie sind abgemeldet. Kein Dienst nimmt die Sitzungen mehr an.',
  },
  badRequest: {
    title: 'Diese Anfrage kann nicht beantwortet werden',
    explanation:
      'Die Anwendung hat eine falsche oder veraltete Anfrage geschickt. Gehen Sie zu ihr zurück und beginnen Sie neu.',
  },
  verify: {
    title: 'E-Mail-Adresse bestätigen',
    explanation: 'Bestätigen Sie, dass diese E-Mail-Adresse Ihnen gehört.',
    registration:
      'Bestätigen Sie Ihre Registrierung mit dem Passwort, das Sie dafür gewählt haben. Haben Sie sich nicht registriert, schließen Sie diese Seite: Ohne Bestätigung entsteht kein Konto.',
    password: 'Ihr Passwort',
    button: 'Bestätigen',
    done: 'Ihre E-Mail-Adresse ist bestätigt. Sie können diese Seite schließen.',
  },
  recovery: {
    title: 'Neues Passwort setzen',
    explanation: 'Wählen Sie ein neues Passwort. Alle Ihre Sitzungen enden.',
    newPassword: 'Neues Passwort',
    button: 'Passwort setzen',
    done: 'Das neue Passwort ist gesetzt, und alle Sitzungen sind beendet. Sie können diese Seite schließen und sich anmelden.',
  },
  startRecovery: {
    title: 'Passwort vergessen?',
    explanation:
      'Wir senden Ihnen einen Link, mit dem Sie ein neues setzen, wenn es zu dieser Adresse ein Konto gibt.',
    button: 'Link senden',
    done: 'Wenn es zu dieser Adresse ein Konto gibt, ist eine E-Mail unterwegs. Sie können diese Seite schließen.',
  },
  register: {
    title: 'Konto eröffnen',
    explanation:
      'Wählen Sie ein Passwort, das niemand erraten kann: Ein paar Wörter sind besser als Zeichen.',
    password: 'Passwort',
    button: 'Konto eröffnen',
    done: 'Das Konto ist eröffnet. Melden Sie sich an, um fortzufahren.',
    mailed: 'Eine E-Mail ist unterwegs. Bestätigen Sie Ihre Registrierung mit dem Link darin.',
  },
  stopReset: {
    title: 'Zweite Faktoren behalten',
    explanation:
      'Unser Support wurde gebeten, Ihre Authenticator-Apps, Passkeys, das Telefon und Wiederherstellungscodes zu entfernen. Halten Sie es hier auf. Wir fragen nicht nach Ihrem Passwort.',
    button: 'Aufhalten',
    done: 'Es ist aufgehalten: Nichts wird entfernt. Haben Sie nicht darum gebeten, kennt vielleicht jemand Ihr Passwort: Ändern Sie es.',
  },
  notMe: {
    title: 'Waren Sie das nicht?',
    explanation:
      'Beenden Sie die Sitzung, um die es in der Mail geht, oder alle Sitzungen. Wir fragen nicht nach Ihrem Passwort.',
    button: 'Diese Sitzung beenden',
    all: 'Alle Sitzungen beenden',
    done: 'Die Sitzung ist beendet. Kein Dienst nimmt sie mehr an. Wissen Sie nicht, wer es war, ändern Sie Ihr Passwort.',
    allDone:
      'Alle Sitzungen sind beendet. Kein Dienst nimmt sie mehr an. Wissen Sie nicht, wer es war, ändern Sie Ihr Passwort.',
    explanations: {
      all: 'Beenden Sie alle Sitzungen. Wir fragen nicht nach Ihrem Passwort.',
      factor:
        'Entfernen Sie den Anmeldeweg, um den es in der Mail geht, und beenden Sie alle Sitzungen. Wir fragen nicht nach Ihrem Passwort.',
      codes:
        'Machen Sie die neuen Wiederherstellungscodes unbrauchbar und beenden Sie alle Sitzungen. Wir fragen nicht nach Ihrem Passwort.',
      email:
        'Setzen Sie die E-Mail-Adresse Ihres Kontos auf diese zurück und beenden Sie alle Sitzungen. Wir fragen nicht nach Ihrem Passwort.',
    },
    takenBack: {
      factor: 'Der Anmeldeweg ist entfernt.',
      codes: 'Die Wiederherstellungscodes gelten nicht mehr. Machen Sie neue.',
      email: 'Ihre frühere E-Mail-Adresse gilt wieder. Setzen Sie jetzt ein neues Passwort.',
      email_kept:
        'Die E-Mail-Adresse konnte nicht zurückgesetzt werden. Fragen Sie sofort unseren Support: Wer an der neuen Adresse Mails liest, kann ein neues Passwort setzen.',
    },
  },
  provider: {
    title: 'Anmelden',
    explanation: 'Der Anbieter hat bestätigt, wer Sie sind. Gehen Sie weiter, um sich anzumelden.',
    link: 'Der Anbieter hat bestätigt, wer Sie sind. Von jetzt an meldet diese Identität Sie bei Ihrem Konto an.',
    button: 'Weiter',
  },
  refused: 'Das hat nicht geklappt',
  refusals: {
    invalid_link: 'Dieser Link wurde schon benutzt, ist abgelaufen, oder eine neuere Mail hat ihn ersetzt.',
    password_refused: 'Dieses Passwort geht nicht. Wählen Sie ein längeres, das niemand erraten kann.',
    email_taken:
      'Zu dieser Adresse gibt es ein Konto. Melden Sie sich an, oder setzen Sie ein neues Passwort.',
    mail_not_configured: 'Hier lassen sich keine E-Mails senden. Fragen Sie die Betreiber dieses Dienstes.',
    invalid_request: 'Etwas fehlt oder hat die falsche Form.',
    invalid_credentials:
      'Das Passwort des Kontos fehlt oder ist ein anderes. Haben nicht Sie sich registriert, schließen Sie diese Seite.',
    invalid_attempt:
      'Diese Anmeldung wurde schon benutzt, hat zu lange gedauert oder begann in einem anderen Browser. Beginnen Sie neu.',
    identity_not_linked:
      'Mit dieser Identität ist kein Konto verknüpft. Haben Sie ein Konto, melden Sie sich an wie immer und verknüpfen Sie sie dort. Sonst registrieren Sie sich zuerst mit Ihrer E-Mail-Adresse.',
    identity_taken: 'Diese Identität ist mit einem anderen Konto verknüpft.',
    provider_refused:
      'Der Anbieter hat nicht bestätigt, wer Sie sind. Beginnen Sie neu, oder melden Sie sich anders an.',
    registration_closed: 'Hier gibt es kein Konto für Sie, und die Registrierung ist geschlossen.',
    rate_limited: 'Zu viele Versuche. Warten Sie eine Minute und versuchen Sie es noch einmal.',
    other: 'Hier ist etwas schiefgegangen. Versuchen Sie es gleich noch einmal.',
  },
  account: {
    title: 'Ihr Konto',
    needsScript: 'Diese Seite braucht JavaScript. An- und Abmelden gehen ohne.',
  },
  admin: {
    title: 'Konsole',
    needsScript: 'Diese Seite braucht JavaScript. Die Befehlszeile kann dasselbe ohne.',
  },
  root: {
    title: 'Countersign',
    links: {
      account: 'Ihr Konto: Geräte, Anmeldewege, Verlauf',
      console: 'Konsole, für den Betrieb',
      documentation: 'Dokumentation der HTTP-Schnittstelle',
      health: 'Zustand',
    },
  },
};
