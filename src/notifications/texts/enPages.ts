/** The texts of pages in English. */
import type { PageTexts } from './texts.ts';

export const enPages: PageTexts = {
  signIn: {
    title: 'Sign in',
    email: 'E-mail',
    password: 'Password',
    button: 'Sign in',
    withProvider: (label) => `Sign in with ${label}`,
    secondFactor: 'Prove a second factor.',
    withPasskey: 'Sign in with a passkey',
    passkeyRefused: 'The passkey was not accepted. Try again, or sign in another way.',
    forgotten: 'I forgot my password',
    register: 'Open an account',
    mustAdd: 'Add an authenticator app first: signing in needs a second factor.',
    addApp: 'Add an authenticator app',
    scan: 'Scan this with your authenticator app, or type the key, then enter the code that it shows.',
    totp: 'Code of your authenticator app',
    recoveryCode: 'Recovery code',
    sentCode: 'The code that we sent you',
    sendMail: 'Send a code by mail',
    sendSms: 'Send a code to my phone',
    keepCodes:
      'Write these recovery codes down and keep them in a safe place. If you lose your phone, each of them signs you in once. They are shown only now.',
    codesKept: 'I have written them down: continue',
    goOn: 'Continue',
    refusals: {
      invalid_credentials: 'Wrong e-mail or password.',
      invalid_code: 'Wrong or expired code. If it happens again, start from the beginning.',
      recovery_required: 'Too many wrong passwords: set a new one by mail first.',
      password_change_required: 'Choose a new password first: this one was for one use.',
      rate_limited: 'Too many tries. Wait a minute, then try again.',
      invalid_request: 'Something is missing or has the wrong form.',
      other: 'Something went wrong here. Try again in a moment.',
    },
  },
  consent: {
    title: 'Allow access?',
    asks: (application) => `${application} asks for access to your account.`,
    at: (audience) => `The access is for ${audience}.`,
    wants: 'It wants to:',
    scopes: {
      openid: 'know who you are',
      email: 'see your e-mail address',
      phone: 'see your phone number',
      profile: 'see your profile',
      offline_access: 'keep its access when you sign out here',
    },
    allow: 'Allow',
    deny: 'Do not allow',
  },
  signOut: {
    title: 'Sign out',
    explanation: 'Sign out here, and of the applications that you opened from here?',
    button: 'Sign out',
    done: 'You are signed out. No service accepts the sessions any more.',
  },
  badRequest: {
    title: 'This request cannot be answered',
    explanation: 'The application sent a wrong or outdated request. Go back to it and start again.',
  },
  verify: {
    title: 'Confirm your e-mail address',
    explanation: 'Confirm that this e-mail address is yours.',
    registration:
      'Confirm your registration with the password that you chose for it. If you did not register, close this page: without the confirmation there is no account.',
    password: 'Your password',
    button: 'Confirm',
    done: 'Your e-mail address is confirmed. You can close this page.',
  },
  recovery: {
    title: 'Set a new password',
    explanation: 'Choose a new password. All your sessions end.',
    newPassword: 'New password',
    button: 'Set the password',
    done: 'The new password is set, and all sessions have ended. You can close this page and log in.',
  },
  startRecovery: {
    title: 'Forgot your password?',
    explanation: 'We send you a link that sets a new one, if there is an account with this address.',
    button: 'Send the link',
    done: 'If there is an account with this address, a mail is on its way. You can close this page.',
  },
  register: {
    title: 'Open an account',
    explanation: 'Choose a password that nobody can guess: a few words are better than signs.',
    password: 'Password',
    button: 'Open the account',
    done: 'The account is open. Sign in to go on.',
    mailed: 'A mail is on its way. Confirm your registration with the link in it.',
  },
  stopReset: {
    title: 'Keep your second factors',
    explanation:
      'Support was asked to remove your authenticator apps, passkeys, phone and recovery codes. Stop it here. We do not ask for your password.',
    button: 'Stop it',
    done: 'It is stopped: nothing is removed. If you did not ask for it, somebody may know your password: change it.',
  },
  notMe: {
    title: 'Was this not you?',
    explanation: 'End the session that the mail is about, or all sessions. We do not ask for your password.',
    button: 'End this session',
    all: 'End all sessions',
    done: 'The session has ended. No service accepts it any more. If you do not know who it was, change your password.',
    allDone:
      'All sessions have ended. No service accepts them any more. If you do not know who it was, change your password.',
    explanations: {
      all: 'End all sessions. We do not ask for your password.',
      factor:
        'Remove the way to log in that the mail is about, and end all sessions. We do not ask for your password.',
      codes: 'Make the new recovery codes useless, and end all sessions. We do not ask for your password.',
      email:
        'Set the e-mail address of your account back to this one, and end all sessions. We do not ask for your password.',
    },
    takenBack: {
      factor: 'The way to log in is removed.',
      codes: 'The recovery codes no longer work. Make new ones.',
      email: 'The earlier e-mail address is yours again. Set a new password now.',
      email_kept:
        'The e-mail address could not be set back. Ask our support at once: whoever reads mail at the new address can set a new password.',
    },
  },
  provider: {
    title: 'Sign in',
    explanation: 'The provider has confirmed who you are. Go on to sign in.',
    link: 'The provider has confirmed who you are. From now on this identity signs in to your account.',
    button: 'Continue',
  },
  refused: 'This did not work',
  refusals: {
    invalid_link: 'This link was used already, has expired, or a newer mail replaced it.',
    password_refused: 'This password cannot be used. Choose a longer one that nobody can guess.',
    email_taken: 'There is an account with this address. Sign in, or set a new password.',
    mail_not_configured: 'No mail can be sent here. Ask those who run this service.',
    invalid_request: 'Something is missing or has the wrong form.',
    invalid_credentials:
      'The password of the account is missing, or this is not the password. If it was not you who registered, close this page.',
    invalid_attempt:
      'This sign-in was used already, took too long, or began in another browser. Begin again.',
    identity_not_linked:
      'No account is linked with this identity. If you have an account, sign in as you always do, then link it there. Else register with your e-mail address first.',
    identity_taken: 'This identity is linked with another account.',
    provider_refused: 'The provider did not confirm who you are. Begin again, or sign in another way.',
    registration_closed: 'There is no account for you here, and registration is closed.',
    rate_limited: 'Too many tries. Wait a minute, then try again.',
    other: 'Something went wrong here. Try again in a moment.',
  },
  account: {
    title: 'Your account',
    needsScript: 'This page needs JavaScript. Signing in and signing out work without it.',
  },
  admin: {
    title: 'Console',
    needsScript: 'This page needs JavaScript. The command line does the same without it.',
  },
  root: {
    title: 'Countersign',
    links: {
      account: 'Your account: devices, ways to sign in, activity',
      console: 'Console, for operators',
      documentation: 'Documentation of the HTTP interface',
      health: 'Health',
    },
  },
};
