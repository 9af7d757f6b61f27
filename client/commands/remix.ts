import { Command } from 'commander';
import { BadUsage } from '../../lake/errors.ts';
import { note } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import { targetOptions } from './target-options.ts';

interface RemixFlags extends TargetFlags {
  to: string;
  shares?: string;
  file?: string;
  wait?: boolean;
  json?: boolean;
}

export function remixCommand(): Command {
  const command = new Command('remix')
    .description(
      'New shards from what runs have published: other shares, weights or sizes, nothing made anew.',
    )
    .argument('<run...>', '<domain>/<run>, published; several are mixed with each other')
    .requiredOption('--to <name>', 'name of the new run; with --shares, of each: <name>-<share>')
    .option('--shares <list>', 'one mix for each share of converted texts, e.g. 0.2,0.4,0.6')
    .option('--file <spec>', 'JSON or YAML with `mix`, `shards`, `train`; without it all is as in the run')
    .option('--wait', 'wait until all is published, and say what there is')
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
The share can be anything up to what the run has synthesized: chains above it are taken as raw text. No text is tokenized
again, and no endpoint is asked. Each mix is a run of its own, which \`status\`, \`verify\` and \`retract\` know.
Several runs must have the same domain, tokenizer, sequenceLength, seed and share, and no object of the corpus in common; what is not
said is as in the first. In JSON they are \`"from":{"run":"<run>","also":["<run>"]}\`.
The same with Temporal's own command: temporal workflow start --type remix --task-queue instruct-lake \\
  --workflow-id remix/<domain>/<name> --id-conflict-policy Fail --fail-existing \\
  --input '{"domain":"<domain>","from":{"run":"<run>"},"shares":[0.2,0.4,0.6]}'

Examples:
  instruct-lake remix biomed/2026-01-05 --to sweep --shares 0.2,0.4,0.6 --wait
  instruct-lake remix biomed/2026-01-05 --to balanced --file mix.yaml
  instruct-lake remix biomed/2026-01-05 biomed/2026-01-06 biomed/2026-01-07 --to week --wait`,
    )
    .action(async (texts: string[], { shares: list, ...options }: RemixFlags) => {
      const runs = texts.map((text) => parseRun(text));
      const other = runs.find(({ domain }) => domain !== runs[0]?.domain);
      if (other !== undefined) {
        throw new BadUsage(`${other.domain}/${other.run} is of another domain; a mix is of one`);
      }
      const shares = list === undefined ? undefined : sharesOf(list);
      const { remix } = await import('../remix.ts');
      process.exitCode = await remix(runs, { ...options, ...(shares && { shares }) }, note);
    });
}

function sharesOf(list: string): number[] {
  return list.split(',').map((each) => {
    const share = Number(each);
    if (each.trim() === '' || !(share >= 0 && share <= 1)) {
      throw new BadUsage(`--shares: ${JSON.stringify(each)} is no number from 0 to 1`);
    }
    return share;
  });
}
