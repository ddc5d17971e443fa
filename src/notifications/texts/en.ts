/** English. */

import type { NoticeSubject, Occasion, Told } from '../message.ts';
import { enPages } from './enPages.ts';
import type { MailText, Part, Texts } from './texts.ts';

const time = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

function facts({ at, ip, device }: Occasion): Part {
  return {
    facts: [`When: ${time.format(at)} UTC`, device && `Device: ${device}`, ip && `From: ${ip} (IP address)`],
  };
}

function notice(subject: string, what: string, told: Told, more: readonly string[] = []): MailText {
  return {
    subject,
    body: [
      what,
      facts(told),
      ...more,
      'If this was you, there is nothing to do.',
      `If this was not you, ${remedies[told.about]} here. The page never asks for your password:`,
      { link: told.notMeLink },
      'You can also open our app yourself, as you always do, and look at your devices there.',
    ],
  };
}

/** "If this was not you, … here." */
const remedies: Readonly<Record<NoticeSubject, string>> = {
  session: 'end the session',
  all: 'end all sessions',
  factor: 'remove it and end all sessions',
  codes: 'make these codes useless and end all sessions',
  email: 'set the address back and end all sessions',
};

const unusual = {
  notify: 'The session goes on.',
  step_up: 'The session goes on, but you may have to prove again who you are.',
  end: 'We ended the session for your safety.',
} as const;

const ignore = 'If you did not ask for this, ignore this mail. Nothing changes.';
const never = 'Never tell anybody this code. We never ask for it.';

export const en: Texts = {
  language: 'en',
  mails: {
    verify_email: ({ code, minutes, link, linkHours }) => ({
      subject: `${code} is your code to confirm this e-mail address`,
      body: [
        'Enter this code to confirm your e-mail address:',
        { code },
        `The code works for ${minutes} minutes. Or open this page within ${linkHours} hours:`,
        { link },
        never,
        ignore,
      ],
    }),
    confirm_registration: ({ link, linkHours, ...occasion }) => ({
      subject: 'Confirm your registration',
      body: [
        'Somebody wants to open an account with this e-mail address. If it was you, confirm it here:',
        { link },
        `The page works once, for ${linkHours} hours.`,
        facts(occasion),
        'If it was not you, ignore this mail: without the confirmation there is no account.',
      ],
    }),
    email_taken: (occasion) => ({
      subject: 'You already have an account',
      body: [
        'Somebody tried to register with this e-mail address. You already have an account, so no new one was made.',
        facts(occasion),
        'If it was you, open our app and log in. If you forgot the password, ask there for a new one.',
        'If it was not you, there is nothing to do. Whoever it was learned nothing.',
      ],
    }),
    login_code: ({ code, minutes, ...occasion }) => ({
      subject: `${code} is your login code`,
      body: [
        'Enter this code to log in:',
        { code },
        `It works for ${minutes} minutes.`,
        facts(occasion),
        never,
        'If you are not logging in just now, somebody may know your password: change it.',
      ],
    }),
    recovery: ({ link, minutes, ...occasion }) => ({
      subject: 'Set a new password',
      body: [
        'Somebody asked to set a new password for your account. If it was you, do it here:',
        { link },
        `The page works once, for ${minutes} minutes. All your sessions end then.`,
        facts(occasion),
        ignore,
      ],
    }),
    account_recovered: (told) =>
      notice(
        'Your password was set anew by e-mail',
        'A new password was set with a link that we sent to this address. All sessions ended.',
        told,
      ),
    new_device: (told) =>
      notice(
        'New device',
        'Your account was used to log in from a device or a network that we do not know.',
        told,
      ),
    password_changed: (told) =>
      notice('Your password was changed', 'The password of your account was changed.', told),
    one_time_password_set: (told) =>
      notice(
        'Support set a one-time password',
        'Our support set a password for your account that works for one login; then you choose a new one. All sessions ended, and the earlier password no longer works.',
        told,
        ['If you did not ask for this, also set a new password: choose "forgot password" in our app.'],
      ),
    email_change_started: ({ newEmail, ...told }) =>
      notice(
        'Your e-mail address is to be changed',
        'Somebody who is logged in to your account wants to change its e-mail address. It changes when the new address is confirmed.',
        told,
        [`New address: ${newEmail}`],
      ),
    email_changed: ({ newEmail, ...told }) =>
      notice('Your e-mail address was changed', 'The e-mail address of your account was changed.', told, [
        `New address: ${newEmail}`,
        'Whoever reads mail there can set a new password. You can set the address back for 7 days; later, ask our support.',
      ]),
    email_restored: (occasion) => ({
      subject: 'Your e-mail address was set back',
      body: [
        'Somebody who reads mail at the earlier address of your account said that the change to this one was not theirs. The earlier address counts again, and all sessions ended.',
        facts(occasion),
        'If this is wrong, ask our support at once.',
      ],
    }),
    factor_added: ({ factor, ...told }) =>
      notice('A way to log in was added', 'A way to log in was added to your account.', told, [factor]),
    factor_removed: ({ factor, ...told }) =>
      notice('A way to log in was removed', 'A way to log in was removed from your account.', told, [factor]),
    factors_reset_requested: ({ dueAt, link }) => ({
      subject: 'Your second factors are to be removed',
      body: [
        'Our support was asked to remove everything that you prove beside your password: authenticator apps, passkeys, the phone and recovery codes. All your sessions end then.',
        { facts: [`When: ${time.format(dueAt)} UTC`] },
        'If you asked for this, there is nothing to do.',
        'If you did not, or found them again, stop it here. The page never asks for your password:',
        { link },
        'Logging in with one of them stops it, too.',
      ],
    }),
    recovery_codes_created: (told) =>
      notice(
        'New recovery codes were made',
        'Recovery codes were made for your account. Earlier ones no longer work.',
        told,
      ),
    recovery_code_used: ({ left, ...told }) =>
      notice('A recovery code was used', 'Somebody logged in with a recovery code of your account.', told, [
        `Codes left: ${left}`,
      ]),
    refresh_replayed: (told) =>
      notice(
        'A session was ended for your safety',
        'Two programs used the same session of your account: one of them may have stolen it. We ended it.',
        told,
      ),
    unusual_use: ({ outcome, ...told }) =>
      notice(
        'Unusual use of your account',
        'A session of your account was used from another device, program or place than before.',
        told,
        [unusual[outcome]],
      ),
    many_refusals: ({ outcome, ...told }) =>
      notice(
        'Login after many wrong tries',
        'Somebody logged in to your account after many wrong passwords or codes.',
        told,
        [unusual[outcome], 'If this was not you, also set a new password: somebody may have guessed yours.'],
      ),
    passkey_cloned: ({ factor, ...told }) =>
      notice(
        'A passkey may have been copied',
        'A passkey of your account counted backwards, as a copy does. We refused it and ended its sessions. It still works on one of the two devices: remove it, unless you know both.',
        told,
        [factor],
      ),
  },
  messages: {
    login_code: ({ code, minutes }) =>
      `${code} is your login code. It works for ${minutes} minutes. Never tell it to anybody.`,
    verify_phone: ({ code, minutes }) =>
      `${code} is your code to confirm this phone number. It works for ${minutes} minutes.`,
    factors_reset_requested: ({ dueAt, link }) =>
      `Your second factors will be removed (${time.format(dueAt)} UTC). If you did not ask for this, stop it: ${link}`,
  },
  pages: enPages,
};
