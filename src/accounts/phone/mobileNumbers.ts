/** The library that knows phone numbers. In its own file, because the build embeds it (scripts/bundleLibraries.mjs). */
export { default as parseNumber } from 'libphonenumber-js/mobile';
