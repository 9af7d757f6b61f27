import { Command } from 'commander';
import { print } from '../print.ts';

export function specCommand(): Command {
  return new Command('spec')
    .description('What a spec may hold, and whether one is valid.')
    .addCommand(schemaCommand())
    .addCommand(checkCommand())
    .addHelpText(
      'after',
      `
Examples:
  instruct-lake spec schema > instruct-lake.schema.json
  instruct-lake spec check spec.yaml`,
    );
}

function schemaCommand(): Command {
  return new Command('schema')
    .description('Print the JSON Schema (2020-12) of a spec.')
    .addHelpText(
      'after',
      `
Name the file as "$schema" in a spec, and editors complete and check it.

Example:
  instruct-lake spec schema > instruct-lake.schema.json`,
    )
    .action(async () => {
      const { specSchema } = await import('../../lake/spec.ts');
      print(JSON.stringify(specSchema(), null, 2));
    });
}

function checkCommand(): Command {
  return new Command('check')
    .description('Check a spec without starting anything; all of its problems at once.')
    .argument('<file>', 'the spec: a JSON or YAML file')
    .option('--json', 'print the spec with all its defaults as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 valid, 2 not.

Examples:
  instruct-lake spec check spec.yaml
  instruct-lake spec check spec.json --json | jq .mix`,
    )
    .action(async (file: string, options: { json?: boolean }) => {
      const { readSpecFile } = await import('../spec-file.ts');
      const { checkSpec } = await import('../../lake/spec.ts');
      const spec = checkSpec(await readSpecFile(file));
      print(options.json ? JSON.stringify(spec) : `${file}: ok`);
    });
}
