#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { abandonCommand } from './commands/abandon.ts';
import { compactCommand } from './commands/compact.ts';
import { configCommand } from './commands/config.ts';
import { contaminationCommand } from './commands/contamination.ts';
import { doctorCommand } from './commands/doctor.ts';
import { dropsCommand } from './commands/drops.ts';
import { duplicatesCommand } from './commands/duplicates.ts';
import { endpointCommand } from './commands/endpoint.ts';
import { exportCommand } from './commands/export.ts';
import { failuresCommand } from './commands/failures.ts';
import { gcCommand } from './commands/gc.ts';
import { importCommand } from './commands/import.ts';
import { ingestCommand } from './commands/ingest.ts';
import { ledgerCommand } from './commands/ledger.ts';
import { quickstartCommand } from './commands/quickstart.ts';
import { remixCommand } from './commands/remix.ts';
import { replayCommand } from './commands/replay.ts';
import { retractCommand } from './commands/retract.ts';
import { scheduleCommand } from './commands/schedule.ts';
import { specCommand } from './commands/spec.ts';
import { statusCommand } from './commands/status.ts';
import { templatesCommand } from './commands/templates.ts';
import { traceCommand } from './commands/trace.ts';
import { downCommand, upCommand } from './commands/up.ts';
import { acceptCommand, pauseCommand, resumeCommand, setConcurrencyCommand } from './commands/update.ts';
import { verifyCommand } from './commands/verify.ts';
import { workerCommand } from './commands/worker.ts';

// The AWS SDK tells every user about its plans for Node versions; that is ours to heed, not theirs.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// Whoever reads our output may stop (`| head`): that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const { version } = JSON.parse(
  readFileSync(
    new URL(import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json', import.meta.url),
    'utf8',
  ),
) as { version: string };

/** The command line. Everything heavy is loaded by the command that needs it. */
const program = new Command('instruct-lake')
  .description('Turns raw text on S3 into instruction pre-training shards, durably on Temporal.')
  .version(version)
  .showHelpAfterError('(add --help for more)')
  .addHelpText(
    'after',
    `
RUN is <domain>/<run>, e.g. biomed/2026-01-05.
Servers are found by flags, then Temporal's environment (TEMPORAL_ADDRESS …), then the local stack in ./.instruct-lake.
Exit codes: 0 done, 1 failed, 2 usage or spec, 3 completed with failures, 130 interrupted.

Examples:
  instruct-lake quickstart                             the whole pipeline on a sample, on this machine
  instruct-lake up --detach                            a local stack: Temporal, S3, endpoint, worker
  instruct-lake import data/*.parquet --to raw/biomed/ your own text into its lake
  instruct-lake ingest spec.json --watch               raw text → shards`,
  );
for (const command of [
  quickstartCommand(),
  upCommand(),
  downCommand(),
  importCommand(),
  ingestCommand(),
  statusCommand(),
  failuresCommand(),
  acceptCommand(),
  pauseCommand(),
  resumeCommand(),
  setConcurrencyCommand(),
  abandonCommand(),
  remixCommand(),
  replayCommand(),
  scheduleCommand(),
  retractCommand(),
  compactCommand(),
  gcCommand(),
  exportCommand(),
  verifyCommand(),
  traceCommand(),
  templatesCommand(),
  duplicatesCommand(),
  dropsCommand(),
  contaminationCommand(),
  ledgerCommand(),
  doctorCommand(),
  specCommand(),
  configCommand(),
  workerCommand(),
  endpointCommand(),
]) {
  program.addCommand(command);
  exitByError(command);
}
program.exitOverride();

/** Usage errors become exceptions, so that there is one place where exit codes are chosen. */
function exitByError(command: Command): void {
  command.exitOverride();
  command.showHelpAfterError('(add --help for more)');
  for (const sub of command.commands) exitByError(sub);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const { reportFailure } = await import('./exit.ts');
    process.exitCode = reportFailure(error);
  }
}

// A command is over when its action is; nothing that a library left open may keep the process.
await flushed(process.stdout);
await flushed(process.stderr);
process.exit();

/** Resolves once what was written to a stream has gone out, pipes included. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
