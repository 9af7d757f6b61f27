import { Command } from 'commander';
import { printable } from '../../lake/printable.ts';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { numberOf } from './number-option.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

interface ContaminationOptions extends TargetFlags {
  benchmark?: string;
  limit: string;
  json?: boolean;
}

export function contaminationCommand(): Command {
  const command = new Command('contamination')
    .description('Show what of the evaluation sets was found in a run, and where.')
    .argument('<run>', '<domain>/<run>, or the workflow id')
    .option('--benchmark <name>', 'only what was found of this evaluation set')
    .option('--limit <number>', 'show so many of its rows', '20')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Reads the lake alone, while the run goes on too. The tables are contamination.parquet of the stages scan (documents),
filter (questions and answers of pairs) and template (instructions); contamination.json of the publication has the sums.
Exit codes: 0 shown, 2 no such run, a run or an evaluation set that was not asked for, or a number that is none.

Examples:
  instruct-lake contamination biomed/2026-01-05
  instruct-lake contamination biomed/2026-01-05 --benchmark squad --limit 100
  instruct-lake contamination biomed/2026-01-05 --json | jq .matches`,
    )
    .action(async (text: string, options: ContaminationOptions) => {
      const run = parseRun(text);
      const limit = await numberOf('--limit', options.limit, Number.isInteger);
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const { readContamination } = await import('../contamination.ts');
      const { counted, jsonLine, thousands } = await import('../view/format.ts');
      const { benchmark } = options;
      const found = await withLake(target, (store) =>
        readContamination(store, run, { limit, ...(benchmark === undefined ? {} : { benchmark }) }),
      );
      if (options.json) {
        print(jsonLine({ ...run, ...found }));
        return;
      }
      for (const { name, items, values, tooShort, commonGrams, broken, firstBroken } of found.sets) {
        print(
          `${name}: ${counted(items, 'items')}, ${counted(values, 'fields')} looked for, ${thousands(tooShort)} too short, ${thousands(commonGrams)} runs of words too common, ${thousands(broken)} not read`,
        );
        for (const { key, row, problem } of firstBroken) {
          print(printable(`  not read: ${key} ${row}: ${problem}`, ''));
        }
      }
      for (const { benchmark, field, source, policy, rows } of found.matches) {
        print(`${thousands(rows).padStart(9)}  ${benchmark} ${field} in ${source}: ${policy}`);
      }
      for (const each of found.rows) {
        const { benchmark, item, itemRow, field, policy, source, key, row, pair, grams, of, words } = each;
        const place = `${key} row ${row}${pair === null ? '' : `, pair ${pair}`}`;
        print(
          printable(
            `\n${policy} ${source} ${place}: ${benchmark} ${field}, ${item} ${itemRow} (${grams}/${of})`,
            '\n',
          ),
        );
        print(printable(words, ''));
      }
      note(
        `${counted(found.matching, 'rows')}${benchmark === undefined ? '' : ` of ${printable(benchmark, '')}`}, ${thousands(found.rows.length)} shown`,
      );
    });
}
