// tier: ci — a run with failures at an endpoint of small capacity with prices: the view shows how full it is kept, tokens, money and failures, and `failures` lists each with the command that replays it; with Chromium docs/status.png is taken of it
import { spawn } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { chromium } from 'playwright-core';
import { samplePassages } from '../../client/sample/index.ts';
import { openS3 } from '../../lake/s3.ts';
import { freePort } from '../listening.ts';
import { putTexts, textSpec } from '../pipeline.ts';
import { CLI, lake, must, ROOT, run, skip, start, until } from './lib.ts';
import { stackUp } from './parts/stack.ts';
import { terminalPage } from './parts/terminal-page.ts';

const TERMINAL = fileURLToPath(new URL('./parts/terminal.py', import.meta.url));
const IMAGE = join(ROOT, 'docs', 'status.png');
const BROWSERS = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'];
/** A view is drawn between these two, in one piece. */
const [BEGIN, END] = ['\x1b[?2026h', '\x1b[?2026l'];
const COLUMNS = '104';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const python = await run('python3', ['-c', 'import pty']).catch(() => undefined);
if (python?.code !== 0) skip('there is no python3 here, which makes the terminal');

const port = `${await freePort()}`;
const endpoint = start(process.execPath, [CLI, 'endpoint', '--port', port, '--delay-ms', '1500']);
const prices = { currency: 'EUR', prompt: 0.5, cached: 0.1, completion: 2 };
const small = { url: `http://127.0.0.1:${port}`, concurrency: 8, prices };
const { folder, env, settings } = await stackUp('status', { endpoints: { small } });
const store = openS3(settings.s3);
const texts = samplePassages().map(({ text }) => text);
for (let file = 0; file < 6; file++) {
  await putTexts(store, `raw/biomed/${file}.parquet`, texts.slice(file * 10, file * 10 + 10));
}
await store.put('raw/biomed/truncated.parquet', 'PAR1 and no more');
await store.put("raw/biomed/it's\u001b[31m red.parquet", 'not Parquet');
store.close();
const spec = textSpec('biomed', {
  input: { prefix: 'raw/biomed/', text: 'text', partitionBytes: 16_384 },
  maxFailedFraction: 0.5,
});
const write = (name: string, content: object): void =>
  writeFileSync(join(folder, name), JSON.stringify(content));
write('spec.json', { ...spec, synthesize: { ...spec.synthesize, endpoint: 'small' } });
await lake(['ingest', 'spec.json', '--run', '2026-01-05'], { cwd: folder, env });

let output = '';
const watcher = spawn(
  'python3',
  [TERMINAL, process.execPath, CLI, 'status', 'biomed/2026-01-05', '--watch'],
  {
    cwd: folder,
    env: { ...env, TERMINAL_COLUMNS: COLUMNS, LC_ALL: 'C.UTF-8', FORCE_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'ignore'],
  },
);
watcher.stdout.setEncoding('utf8').on('data', (text: string) => {
  output += text;
});
const frames = (): string[] =>
  output
    .split(BEGIN)
    .slice(1)
    .map((each) => each.split(END)[0] ?? '');
const good =
  /▸ synthesize .*about \d+ s left, [\d.]+ texts\/s.*small [█▏▎▍▌▋▊▉]+░* *8 of 8 in flight, \d+ waiting/s;
const frame = await until('a view with everything', 120, async () =>
  frames().findLast((each) => good.test(stripVTControlCharacters(each))),
);
const shown = stripVTControlCharacters(frame);
must(true, 'the endpoint is shown as full, with what waits for it; rates and the time left too');
must(/[\d,]+ tokens in, [\d,]+ out, [\d.]+ EUR/.test(shown), 'tokens and money');
must(
  shown.includes('✗ 2 sources failed: instruct-lake failures biomed/2026-01-05'),
  'what failed, and what lists it',
);
must(!frame.includes('\u001b[31m red'), 'a hostile key does not colour the terminal');

const listed = await lake(['failures', 'biomed/2026-01-05'], { cwd: folder, env });
must(listed.code === 0 && /CorruptParquet/.test(listed.stdout), '`failures` lists them with their errors');
must(
  listed.stdout.includes('instruct-lake replay biomed/2026-01-05 --source raw/biomed/truncated.parquet') &&
    !listed.stdout.includes('\u001b'),
  'each with the command that replays it',
);
const json = await lake(['status', 'biomed/2026-01-05', '--json'], { cwd: folder, env });
const state = JSON.parse(json.stdout) as { endpoints: { endpoint: string; limit: number }[] };
must(state.endpoints[0]?.endpoint === 'small' && state.endpoints[0].limit === 8, 'as JSON too');
watcher.kill('SIGTERM');

const executablePath = BROWSERS.find((path) => path !== '' && existsSync(path));
if (executablePath === undefined || process.env.STATUS_IMAGE === undefined) {
  console.log('  docs/status.png is left as it is (STATUS_IMAGE=1 with Chromium takes it anew)');
} else {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 420 }, deviceScaleFactor: 2 });
    await page.setContent(terminalPage(frame, `instruct-lake status biomed/2026-01-05 --watch`));
    await page.locator('pre').screenshot({ path: IMAGE });
  } finally {
    await browser.close();
  }
  must(statSync(IMAGE).size < 300_000, 'docs/status.png is taken');
}
endpoint.kill('SIGTERM');
