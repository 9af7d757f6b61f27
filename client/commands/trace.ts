import { Command } from 'commander';
import { note, print } from '../print.ts';
import { parseRun } from '../run-name.ts';
import type { TargetFlags } from '../target.ts';
import type { Lineage, TokenLineage } from '../trace/trace.ts';
import { chooseTarget, targetOptions } from './target-options.ts';

type TraceFlags = TargetFlags & { json?: boolean };

export function traceCommand(): Command {
  const command = new Command('trace').description(
    'Walk from a document to its raw rows and to its tokens, or from a token back.',
  );
  command.addCommand(
    traced(
      'doc',
      'Where a document comes from, and where in the shards it stands.',
      '<id>',
      'id of a document, a text or a chain; or a raw row, as KEY:ROW',
      `Examples:
  instruct-lake trace doc biomed/2026-01-05 raw/biomed/a.parquet:17
  instruct-lake trace doc biomed/2026-01-05 0f3c… --json | jq .places`,
      async (...given) => (await import('../trace/trace.ts')).traceDocument(...given),
    ),
  );
  command.addCommand(
    traced(
      'token',
      'Which document a token of a shard is of, and where that comes from.',
      '<token>',
      'SHARD:OFFSET, the shard by its name or its number',
      `Examples:
  instruct-lake trace token biomed/2026-01-05 shard-00000-of-00004:123456
  instruct-lake trace token biomed/2026-01-05 0:123456 --json | jq .texts`,
      async (...given) => (await import('../trace/trace.ts')).traceToken(...given),
    ),
  );
  return command.addHelpText(
    'after',
    `
Examples:
  instruct-lake trace token biomed/2026-01-05 0:123456
  instruct-lake trace doc biomed/2026-01-05 raw/biomed/a.parquet:17`,
  );
}

function traced(
  name: string,
  description: string,
  argument: string,
  what: string,
  examples: string,
  trace: (
    ...given: Parameters<typeof import('../trace/trace.ts').traceDocument>
  ) => Promise<Lineage | TokenLineage>,
): Command {
  const command = new Command(name)
    .description(description)
    .argument('<run>', '<domain>/<run>, published')
    .argument(argument, what)
    .option('--json', 'one JSON document on stdout');
  return targetOptions(command)
    .addHelpText(
      'after',
      `
Reads the lake alone. Exit codes: 0 shown, 2 nothing of that name.

${examples}`,
    )
    .action(async (text: string, id: string, options: TraceFlags) => {
      const run = parseRun(text);
      const target = await chooseTarget(options);
      const { withLake } = await import('../target.ts');
      const lineage = await withLake(target, (store) => trace(store, run, id));
      if (options.json) {
        const { jsonLine } = await import('../view/format.ts');
        print(jsonLine({ ...run, ...lineage }));
        return;
      }
      const { lineageLines } = await import('../trace/lines.ts');
      for (const line of lineageLines(lineage)) print(line);
      if (lineage.places.length === 0) note('It stands in no shard of this run.');
    });
}
