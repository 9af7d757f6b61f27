import { Command } from 'commander';
import { BadUsage } from '../../lake/errors.ts';
import { DOMAIN } from '../../lake/layout.ts';
import { note, print } from '../print.ts';
import type { TargetFlags } from '../target.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

export function compactCommand(): Command {
  const command = new Command('compact')
    .description('Merge what the incremental runs of a domain deduplicate against into one segment.')
    .argument('<domain>', 'e.g. biomed')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Works on the lake alone; the domain must be free of incremental runs. Documents that were retracted, or replaced by newer versions of
their sources, leave the index for good. Interrupted, it has changed nothing, and can be called again. Objects of before stay where they are.
Exit codes: 0 it is one segment now (or was already), 1 an incremental run holds the domain, 2 nothing is published in that domain.

Examples:
  instruct-lake compact biomed
  instruct-lake compact biomed --json | jq .objects`,
    )
    .action(async (domain: string, options: TargetFlags & { json?: boolean }) => {
      if (!DOMAIN.test(domain)) {
        throw new BadUsage(`${JSON.stringify(domain)} is not a domain ([a-z0-9-], 40 at most), e.g. biomed`);
      }
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const { compactDomain } = await import('../../activities/segment/compact.ts');
      const done = await withLake(target, (store) => compactDomain(store, domain, { report: note }));
      const { bytes: inBytes, counted, jsonLine } = await import('../view/format.ts');
      if (options.json) {
        print(jsonLine({ domain, ...done }));
        return;
      }
      const { changed, segments, documents, dropped, surplus, objects, bytes, logEntry } = done;
      if (!changed) {
        print(
          `${domain} has ${counted(segments, 'segments')} of ${counted(documents, 'documents')}: nothing to merge.`,
        );
        return;
      }
      print(
        `${domain}: ${counted(segments, 'segments')} are one now, of ${counted(documents, 'documents')} (log entry ${logEntry}).`,
      );
      print(
        `Objects ${objects.before} → ${objects.after}, bytes ${inBytes(bytes.before)} → ${inBytes(bytes.after)}.`,
      );
      if (dropped > 0)
        print(`${counted(dropped, 'documents')} were retracted or replaced, and have left it.`);
      if (surplus > 0)
        print(`${counted(surplus, 'bucket records')} that no later run would look at have left it.`);
    });
}
