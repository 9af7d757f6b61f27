// Compacts a domain in a process of its own, for tests that kill it: node --import tsx compact-process.ts OPTIONS.json
import { readFileSync } from 'node:fs';
import { compactDomain } from '../../activities/segment/compact.ts';
import { openS3, type S3Settings } from '../../lake/s3.ts';

export interface CompactProcessOptions {
  s3: S3Settings;
  domain: string;
  runBytes?: number;
}

const { s3, domain, ...options } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
) as CompactProcessOptions;
const done = await compactDomain(openS3(s3), domain, options);
const maxRss = process.resourceUsage().maxRSS * 1024;
process.stdout.write(`${JSON.stringify({ ...done, maxRss })}\n`);
// What is held open (a store's sockets) ends with the process.
process.exit(0);
