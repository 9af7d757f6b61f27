import { Command, Option } from 'commander';
import { note, print } from '../print.ts';

interface ConfigFlags {
  config?: string;
  state?: string;
}

export function configCommand(): Command {
  return new Command('config')
    .description("What a worker's configuration may hold, what is in effect, and whether it is valid.")
    .addCommand(printCommand())
    .addCommand(checkCommand())
    .addCommand(schemaCommand())
    .addHelpText(
      'after',
      `
Examples:
  instruct-lake config print --config worker.yaml     what is in effect, and who said so
  instruct-lake config print --defaults > worker.yaml  every key with its sentence: a file to begin with
  instruct-lake config check --config worker.yaml`,
    );
}

const fileOptions = (command: Command): Command =>
  command
    .option('--config <file>', "the worker's configuration (YAML); without it that of the local stack")
    .option('--state <dir>', 'folder of the local stack (default: .instruct-lake)');

function printCommand(): Command {
  return fileOptions(new Command('print'))
    .description('Print the configuration that is in effect, with defaults and where each value comes from.')
    .addOption(
      new Option('--defaults', 'every key with its sentence and its default instead, from no file').conflicts(
        ['config', 'state', 'json'],
      ),
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Of secrets it prints which variables hold them, and whether they are set. Values of a launcher's env are hidden.

Examples:
  instruct-lake config print --config worker.yaml
  INSTRUCT_LAKE__ENDPOINTS__DEFAULT__CONCURRENCY=64 instruct-lake config print --config worker.yaml --json
  instruct-lake config print --defaults > worker.yaml`,
    )
    .action(async (options: ConfigFlags & { defaults?: boolean; json?: boolean }) => {
      if (options.defaults) {
        const { reference } = await import('../../worker/config/reference.ts');
        print(reference());
        return;
      }
      const { parseConfigFile } = await import('../config-file.ts');
      const { valuesOf } = await import('../../worker/config/values.ts');
      const { render } = await import('../../worker/config/render.ts');
      const { parsed, env } = await parseConfigFile(options);
      const values = valuesOf(parsed, env);
      if (!options.json) note(`The worker's configuration ${parsed.file}:`);
      print(options.json ? JSON.stringify({ file: parsed.file, values }) : render(values));
    });
}

function checkCommand(): Command {
  return fileOptions(new Command('check'))
    .description('Check a configuration without starting anything; all of its problems at once.')
    .addHelpText(
      'after',
      `
It looks at the file and at the variables that override it; \`doctor\` tries what they name. Variables with secrets that are not set here are
named on stderr: a worker wants them.
Exit codes: 0 valid, 1 not.

Examples:
  instruct-lake config check --config worker.yaml`,
    )
    .action(async (options: ConfigFlags) => {
      const { parseConfigFile } = await import('../config-file.ts');
      const { isSet, secretsOf } = await import('../../worker/config/secrets.ts');
      const { parsed, env } = await parseConfigFile(options);
      for (const { what, variable } of secretsOf(parsed.config)) {
        if (!isSet(variable, env)) note(`${variable} is not set here: a worker finds ${what} there`);
      }
      print(`${parsed.file}: ok`);
    });
}

function schemaCommand(): Command {
  return new Command('schema')
    .description("Print the JSON Schema (2020-12) of a worker's configuration.")
    .addHelpText(
      'after',
      `
Editors complete and check a file that begins with \`# yaml-language-server: $schema=worker.schema.json\`.

Example:
  instruct-lake config schema > worker.schema.json`,
    )
    .action(async () => {
      const { configSchema } = await import('../../worker/config/schema.ts');
      print(JSON.stringify(configSchema(), null, 2));
    });
}
