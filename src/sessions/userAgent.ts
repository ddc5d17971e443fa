/** What a User-Agent (RFC 9110 §10.1.5) says, in words for people, and the family that it belongs to. Never a proof of anything. */
import Bowser from 'bowser';

export interface UserAgentParts {
  /** With its major version, such as "Firefox 140". */
  readonly browser: string | undefined;
  /** Such as "Windows 11" or "Android". */
  readonly os: string | undefined;
  readonly device: 'desktop' | 'mobile' | 'tablet' | 'tv' | undefined;
}

const devices = ['desktop', 'mobile', 'tablet', 'tv'] as const;

export function parseUserAgent(text: string | undefined): UserAgentParts {
  if (text === undefined || text === '') return { browser: undefined, os: undefined, device: undefined };
  const { browser, os, platform } = Bowser.parse(text);
  const device = devices.find((each) => each === platform.type);
  return {
    browser: named(browser.name ?? productOf(text), browser.version),
    os: named(os.name, os.versionName ?? os.version),
    device,
  };
}

/** The same for two texts of one program on one system, whatever their versions. */
export function userAgentFamily(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const { browser, os } = Bowser.parse(text);
  return `${browser.name ?? productOf(text)}/${os.name ?? ''}`;
}

/** The first product, without its version: what programs that are no browsers say. */
function productOf(text: string): string {
  return text.split(/[/ ]/, 1)[0] ?? text;
}

function named(name: string | undefined, version: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const major = version?.split('.', 1)[0];
  return major === undefined ? name : `${name} ${major}`;
}
