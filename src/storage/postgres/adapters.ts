/** Prisma's two drivers. In their own file, because the build embeds Prisma in it (scripts/bundlePrisma.mjs). */
export { PrismaPg } from '@prisma/adapter-pg';
export { PrismaPGlite } from 'pglite-prisma-adapter';
