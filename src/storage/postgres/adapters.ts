/** Prisma's two drivers. In a file of their own, since the build puts Prisma itself into it (scripts/bundlePrisma.mjs). */
export { PrismaPg } from '@prisma/adapter-pg';
export { PrismaPGlite } from 'pglite-prisma-adapter';
