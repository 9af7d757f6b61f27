import { Command, Option } from 'commander';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { numberOf } from './number-option.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

interface DuplicatesOptions extends TargetFlags {
  kind?: 'exact' | 'near';
  minSimilarity?: string;
  key?: string;
  texts?: boolean;
  limit: string;
  members: string;
  json?: boolean;
}

export function duplicatesCommand(): Command {
  const command = new Command('duplicates')
    .description(
      'Show what a run dropped as duplicates, and for which documents, the largest clusters first.',
    )
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .addOption(new Option('--kind <kind>', 'only these').choices(['exact', 'near']))
    .option('--min-similarity <number>', 'only those that are so similar, 0 to 1')
    .option('--key <key[:row]>', 'only clusters with this document, or with one of this source')
    .option('--texts', 'the texts too: kept left, dropped right, what differs marked')
    .option('--limit <number>', 'show so many clusters', '20')
    .option('--members <number>', 'show so many dropped documents of each', '10')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
A cluster is a document that is kept, of this run or of an earlier one, and all that were dropped for it. Similarity is what dedupe saw;
exact ones differ in case, white space and the form of their characters at most.
Reads the lake alone, while the run goes on too, once it has decided. Everyone's table is duplicates.parquet.
With --texts: | changed, < kept alone, > dropped alone, [-word-] and {+word+} differ; one below the other (- kept, + dropped)
where there is no terminal of 72 columns. Of each text the first 16,384 characters.
Exit codes: 0 shown, 1 failed, 2 no such run, or an option that cannot be.

Examples:
  instruct-lake duplicates biomed/2026-01-05
  instruct-lake duplicates biomed/2026-01-05 --kind near --texts --limit 3 --members 1 | less
  instruct-lake duplicates biomed/2026-01-05 --key raw/biomed/a.parquet:17 --texts
  instruct-lake duplicates biomed/2026-01-05 --json --limit 1000 | jq '.clusters[] | [.size, .kept.key, .kept.row]'`,
    )
    .action(async (text: string, options: DuplicatesOptions) => {
      const run = parseRun(text);
      const { kind, key, texts = false } = options;
      const limit = await numberOf('--limit', options.limit, Number.isInteger);
      const members = await numberOf('--members', options.members, Number.isInteger);
      const least = options.minSimilarity;
      const minSimilarity =
        least === undefined ? 0 : await numberOf('--min-similarity', least, (value) => value <= 1);
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const { readDuplicates } = await import('../duplicates.ts');
      const found = await withLake(target, (store) =>
        readDuplicates(store, run, {
          ...(kind === undefined ? {} : { kind }),
          ...(key === undefined ? {} : { key }),
          minSimilarity,
          limit,
          members,
          texts,
        }),
      );
      if (options.json) {
        const { jsonLine } = await import('../view/format.ts');
        print(jsonLine({ ...run, ...found }));
        return;
      }
      const { duplicatesLines } = await import('../view/duplicates-lines.ts');
      const { terminalOf } = await import('../view/terminal.ts');
      if (found.decided && !found.published) note('Not published: these are the verdicts so far.');
      for (const line of duplicatesLines(run, found, terminalOf(process.stdout).columns)) print(line);
    });
}
