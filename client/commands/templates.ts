import { Command, Option } from 'commander';
import { MODES, type Mode } from '../../activities/template/pool-file.ts';
import { print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { numberOf } from './number-option.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

interface PreviewFlags {
  pairs: string;
  seed: string;
  mode?: Mode;
  variant: string;
  texts: string;
  limit: string;
  json?: boolean;
}

export function templatesCommand(): Command {
  return new Command('templates')
    .description('Look at how pairs are worded: documents as they would be, and how varied they are.')
    .addCommand(previewCommand())
    .addCommand(statsCommand())
    .addHelpText(
      'after',
      `
Examples:
  instruct-lake templates preview --pairs augmented.jsonl --mode numbered
  instruct-lake templates stats biomed/2026-01-05`,
    );
}

function previewCommand(): Command {
  return new Command('preview')
    .description(
      'Render the pairs of a local file, without a lake: contexts dim, questions, rationales and answers coloured.',
    )
    .requiredOption('--pairs <file>', 'Parquet or JSONL of contexts with pairs, as `import --pairs` takes it')
    .option('--seed <text>', 'of every draw', 'instruct-lake')
    .addOption(new Option('--mode <mode>', 'this mode alone; else by the weights').choices(MODES))
    .option('--variant <n>', 'another number gives the same chains in other wordings', '0')
    .option('--texts <n>', 'texts in a chain', '1')
    .option('--limit <n>', 'documents at most', '10')
    .option('--json', 'one JSON document a line on stdout: id, mode, text, spans, wordings')
    .addHelpText(
      'after',
      `
Examples:
  instruct-lake templates preview --pairs augmented.jsonl --seed 7
  instruct-lake templates preview --pairs augmented.jsonl --mode numbered --texts 3 --limit 1
  instruct-lake templates preview --pairs augmented.jsonl --json | jq -r .mode | sort | uniq -c`,
    )
    .action(async ({ pairs: file, json, seed, mode, ...options }: PreviewFlags) => {
      const number = (name: keyof typeof options) => numberOf(`--${name}`, options[name], Number.isInteger);
      const request = {
        ...{ file, seed, ...(mode && { mode }), variant: await number('variant') },
        ...{ texts: Math.max(1, await number('texts')), limit: await number('limit') },
      };
      const { previewTemplates } = await import('../templates/preview.ts');
      const { painted } = await import('../templates/painted.ts');
      const color = process.stdout.hasColors?.() ?? false;
      for await (const document of previewTemplates(request)) {
        if (json) print(JSON.stringify(document));
        else print(`── ${document.mode}, chain ${document.id}\n${painted(document, color)}\n`);
      }
    });
}

function statsCommand(): Command {
  const command = new Command('stats')
    .description('How varied the wording of a run is, pool by pool; without a run, the pools themselves.')
    .argument('[run]', '<domain>/<run>, published')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
skeletons: wordings that differ in more than white space. effective: exp(entropy), as many equally likely ones would be as varied.
plain: part of the draws that is data, line breaks and the labels Q, A, Question, Answer or Reasoning at most.

Examples:
  instruct-lake templates stats
  instruct-lake templates stats biomed/2026-01-05 --json`,
    )
    .action(async (text: string | undefined, options: TargetFlags & { json?: boolean }) => {
      const { poolsStatistics, templateStatistics } = await import('../templates/stats.ts');
      const { modeLine, poolLines } = await import('../templates/stats-lines.ts');
      if (text === undefined) {
        const pools = poolsStatistics();
        for (const line of options.json ? [JSON.stringify({ pools })] : poolLines(pools)) print(line);
        return;
      }
      const run = parseRun(text);
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const found = await withLake(target, (store) => templateStatistics(store, run));
      const lines = [modeLine(found), ...poolLines(found.pools)];
      for (const line of options.json ? [JSON.stringify({ ...run, ...found })] : lines) print(line);
    });
}
