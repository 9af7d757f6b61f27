import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { samplePassages } from '../../../client/sample/index.ts';
import { openS3 } from '../../../lake/s3.ts';
import { freePort } from '../../listening.ts';
import { putTexts, textSpec } from '../../pipeline.ts';
import { CLI, type Finished, lake, must, start, until } from '../lib.ts';
import { type LocalStack, stackUp } from './stack.ts';

/** A text that would like to be seen. */
export const HOSTILE = 'Secret-Corpus-Text \u001b[31mred\u001b[0m <script>alert(1)</script> </CON>';

/** A stack whose worker is measured, with a run that has published without a source, one that is parked, and one whose endpoint has died. */
export async function monitoredStack(
  name: string,
): Promise<LocalStack & { address: string; scrape: () => Promise<string> }> {
  const address = `127.0.0.1:${await freePort()}`;
  const port = `${await freePort()}`;
  const dying = start(process.execPath, [CLI, 'endpoint', '--port', port, '--delay-ms', '2000']);
  const stack = await stackUp(name, {
    metrics: { address },
    logLevel: 'info',
    endpoints: { dying: { url: `http://127.0.0.1:${port}`, concurrency: 2 } },
  });
  const { folder, env, settings } = stack;
  const store = openS3(settings.s3);
  const ours = (...args: string[]): Promise<Finished> => lake(args, { cwd: folder, env });
  const texts = samplePassages().map(({ text }) => text);
  await putTexts(store, 'raw/seen/a.parquet', [...texts.slice(0, 12), `${HOSTILE} ${texts[20]}`]);
  await store.put('raw/seen/b.parquet', 'not Parquet');
  store.close();
  const spec = textSpec('seen');
  const write = (file: string, content: object): void =>
    writeFileSync(join(folder, file), JSON.stringify(content));
  write('tolerant.json', { ...spec, maxFailedFraction: 1 });
  write('strict.json', spec);
  write('dying.json', {
    ...spec,
    maxFailedFraction: 1,
    synthesize: { ...spec.synthesize, endpoint: 'dying' },
  });
  const done = await ours('ingest', 'tolerant.json', '--run', 'done', '--watch');
  must(done.code === 3, 'a run is published without a source that cannot be read');
  await ours('ingest', 'strict.json', '--run', 'parked');
  await ours('ingest', 'dying.json', '--run', 'waits');
  await until('its rounds', 60, async () => {
    const { stdout } = await ours('status', 'seen/waits', '--json');
    return (JSON.parse(stdout) as { phase: string }).phase === 'synthesize' || undefined;
  });
  dying.kill('SIGKILL');
  const scrape = async (): Promise<string> => (await fetch(`http://${address}/metrics`)).text();
  await until('a parked run and a failure in /metrics', 60, async () => {
    const page = await scrape();
    return (
      (/^instruct_lake_parked\{[^}]*run="parked"[^}]*\} 1$/m.test(page) &&
        /^instruct_lake_failures_total\{activity="synthesizeRound"/m.test(page)) ||
      undefined
    );
  });
  return { ...stack, address, scrape };
}
