export * from '@countersign/guard/fastify';
