// What a program of its own needs to check specs and to start runs; the command is built from the same parts.
export { parseSpec, specSchema } from '../lake/spec.ts';
export * from '../workflows/contract.ts';
export { startIngest } from './start-ingest.ts';
