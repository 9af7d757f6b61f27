import { Command } from 'commander';
import { note } from '../print.ts';

export function endpointCommand(): Command {
  return new Command('endpoint')
    .description(
      'Run the embedded synthesizer endpoint: OpenAI completions, answered by rules (a smoke test, not a model).',
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on', (text) => Number.parseInt(text, 10), 8399)
    .option('--api-key-env <name>', 'environment variable with the key that requests must bring')
    .option(
      '--delay-ms <n>',
      'milliseconds that an answer is held back',
      (text) => Number.parseInt(text, 10),
      0,
    )
    .addHelpText(
      'after',
      `
Example:
  instruct-lake endpoint --port 8399
  curl http://127.0.0.1:8399/v1/models`,
    )
    .action(async (options: { host: string; port: number; apiKeyEnv?: string; delayMs: number }) => {
      const { runEndpoint } = await import('../run-endpoint.ts');
      process.exitCode = await runEndpoint(options, note);
    });
}
