// Finds or obtains the two servers that tests and the local stack need, with the built package, and prints their paths as shell
// assignments: `eval "$(node scripts/obtain-servers.mjs)"`. Progress goes to stderr.
import { obtainServers } from '../dist/client/stack/obtain.js';

const report = (line) => console.error(line);
const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
try {
  const { temporal, versitygw } = await obtainServers(report);
  console.log(`export TEMPORAL_CLI=${quote(temporal)} VERSITYGW=${quote(versitygw)}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
