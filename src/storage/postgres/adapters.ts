/** Prisma's two drivers. In their own file, because the build embeds Prisma in it (scripts/bundleLibraries.mjs). */
export { PrismaPg } from '@prisma/adapter-pg';
export { PrismaPGlite } from 'pglite-prisma-adapter';
