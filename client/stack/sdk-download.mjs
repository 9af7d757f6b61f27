// Has the Temporal SDK download its development server into the folder given, by starting one and ending it again. A process of
// its own: the SDK allows one runtime in a process, and ours belongs to the worker. Plain JavaScript: it runs from source too.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir] = process.argv.slice(2);
try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  await environment.teardown();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
