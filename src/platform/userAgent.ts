/** Reads a User-Agent (RFC 9110 §10.1.5): names for people, and its family. Never a proof of anything. */
import Bowser from 'bowser';
import { platformLimits } from './limits.ts';

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
  const read = readLazily(text);
  const os = read.getOS();
  const platform = read.getPlatform();
  const device = devices.find((each) => each === platform.type);
  return {
    browser: named(...programOf(text, read)),
    os: named(os.name, os.versionName ?? os.version),
    device,
  };
}

/** Equal for one program on one system, in any version. */
export function userAgentFamily(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const read = readLazily(text);
  return `${programOf(text, read)[0]}/${read.getOS().name ?? ''}`;
}

/** Parses only what is asked for: a page of sessions has a hundred, and nothing else is served meanwhile. */
function readLazily(text: string): Bowser.Parser.Parser {
  return Bowser.getParser(text, true);
}

/** Its name and version. The first product, if it is not a browser. */
function programOf(text: string, read: Bowser.Parser.Parser): [name: string, version: string | undefined] {
  const { name, version } = read.getBrowser();
  if (name !== undefined && name.trim() !== '') return [name, version];
  const [product = '', productVersion] = text.split(' ', 1).join().split('/', 2);
  return [product.slice(0, platformLimits.programNameCharacters), productVersion];
}

function named(name: string | undefined, version: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const major = version?.split('.', 1)[0];
  return major === undefined || !/^\w{1,20}$/.test(major) ? name : `${name} ${major}`;
}
