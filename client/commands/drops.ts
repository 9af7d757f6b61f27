import { Command } from 'commander';
import { printable } from '../../lake/printable.ts';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { numberOf } from './number-option.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

interface DropsOptions extends TargetFlags {
  reason?: string;
  limit: string;
  json?: boolean;
}

export function dropsCommand(): Command {
  const command = new Command('drops')
    .description('Show what was dropped from the answers of a run, and why.')
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--reason <reason>', 'only what was dropped for this reason')
    .option('--limit <number>', 'show so many of them', '20')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Reads the lake alone, while the run goes on too. The tables are drops.parquet beside entries.parquet.
Reasons: incomplete, afterEnd, noAnswer, severalAnswers, noQuestionMark, emptyQuestion, emptyAnswer, repeated,
leakedMarker, cotMismatch, badOptions, answerNotAmongOptions, and those of other generators.
Exit codes: 0 shown, 2 no such run, or a number that is none.

Examples:
  instruct-lake drops biomed/2026-01-05
  instruct-lake drops biomed/2026-01-05 --reason leakedMarker --limit 100
  instruct-lake drops biomed/2026-01-05 --json | jq .reasons`,
    )
    .action(async (text: string, options: DropsOptions) => {
      const run = parseRun(text);
      const limit = await numberOf('--limit', options.limit, Number.isInteger);
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const { readDrops } = await import('../drops.ts');
      const { counted, jsonLine, thousands } = await import('../view/format.ts');
      const { reason } = options;
      const drops = await withLake(target, (store) =>
        readDrops(store, run, { limit, ...(reason === undefined ? {} : { reason }) }),
      );
      if (options.json) {
        print(jsonLine({ ...run, ...drops }));
        return;
      }
      const reasons = Object.entries(drops.reasons).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
      for (const [name, count] of reasons) print(`${thousands(count).padStart(9)}  ${printable(name, '')}`);
      for (const { reason: why, key, row, part, round, bytes, segment } of drops.segments) {
        print(printable(`\n${why}: ${key} row ${row}, part ${part}, round ${round}, ${bytes} bytes`));
        print(printable(segment));
      }
      note(
        `${counted(drops.matching, 'segments')} dropped${reason === undefined ? '' : ` as ${printable(reason, '')}`}, ${thousands(drops.segments.length)} shown`,
      );
    });
}
