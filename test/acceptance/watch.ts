// tier: ci — a run of the sample is watched on two terminals and without one: bars, rates, time left, and no line too wide
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { putSample, sampleSpec } from '../../client/sample/lake.ts';
import { openS3 } from '../../lake/s3.ts';
import { freePort } from '../listening.ts';
import { CLI, lake, must, run, skip, start } from './lib.ts';
import { stackUp } from './parts/stack.ts';

const TERMINAL = fileURLToPath(new URL('./parts/terminal.py', import.meta.url));
/** Sixty texts, four at a time: half a minute of synthesis on any machine. */
const DELAY_MS = 2000;
const CONCURRENCY = 4;
/** A view is drawn between these two, in one piece. */
const [BEGIN, END] = ['\x1b[?2026h', '\x1b[?2026l'];

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const python = await run('python3', ['-c', 'import pty']).catch(() => undefined);
if (python?.code !== 0) skip('there is no python3 here, which makes the terminal');

const port = `${await freePort()}`;
const endpoint = start(process.execPath, [CLI, 'endpoint', '--port', port, '--delay-ms', `${DELAY_MS}`]);
const slow = { url: `http://127.0.0.1:${port}`, concurrency: CONCURRENCY };
const { folder, env, settings } = await stackUp('watch', { endpoints: { slow } });
const store = openS3(settings.s3);
await putSample(store);
store.close();
const spec = { ...sampleSpec, synthesize: { ...sampleSpec.synthesize, endpoint: 'slow' } };
writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
const started = await lake(['ingest', 'spec.json', '--run', 'r1'], { cwd: folder, env });
must(started.code === 0, `a run of the sample is started (${started.code})`);

const [wide, narrow, plain] = await Promise.all([
  watch({ TERMINAL_COLUMNS: '60', LC_ALL: 'C.UTF-8' }),
  watch({ TERMINAL_COLUMNS: '40', LC_ALL: 'C' }),
  watch(undefined),
]);
endpoint.kill('SIGTERM');

const unicode = frames(wide);
must(unicode.length > 10, `a terminal gets a live view, drawn ${unicode.length} times`);
fits(unicode, 60);
shows(unicode, /▸ synthesize\s+[█▏▎▍▌▋▊▉]+░+ +\d+% +\d+\/12/, 'a bar, a percentage and units');
shows(unicode, /\d texts\/s, [\d.]+ pairs\/s/, 'rates');
shows(unicode, /about \d+ (s|min) left/, 'the time left');
shows(unicode, /— left/, 'a dash before that can be known');
shows(unicode, /✓ synthesize +\d+ s +60 texts prompted/, 'how long a phase took, and its counts');

const ascii = frames(narrow);
fits(ascii, 40);
must(
  ascii.every((frame) => /^[\n\r\x20-\x7e]*$/.test(frame)),
  'a terminal without UTF-8 gets ASCII alone',
);
shows(ascii, /> synthesize\s+\[#+\.+\] +\d+%/, 'a bar of ASCII');

must(!plain.includes('\x1b'), 'what is no terminal gets plain lines');
shows(
  plain.split('\n'),
  /^\[\d+ s\] {3}synthesize +\d+\/12 \d+ texts prompted, \d+ pairs, [\d,]+ tokens in, [\d,]+ out \(about \d+ s left, [\d.]+ texts\/s, [^)]+\) \[slow \d of 4 in flight(, \d+ waiting)?\]$/,
  'rates, time left and how full the endpoint is kept on a line',
);
shows(
  plain.split('\n'),
  /^\[\d+ s\] ✓ synthesize +60 texts prompted, \d+ pairs, [\d,]+ tokens in, [\d,]+ out \(\d+ s\)$/,
  'a line for a phase',
);

/** What a watcher prints until the run is over; on a terminal where one is described. */
async function watch(terminal: NodeJS.ProcessEnv | undefined): Promise<string> {
  const command = [process.execPath, CLI, 'status', 'sample/r1', '--watch'];
  const [program = '', ...args] = terminal === undefined ? command : ['python3', TERMINAL, ...command];
  const child = spawn(program, args, { cwd: folder, env: { ...env, ...terminal }, stdio: 'pipe' });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  must(code === 0, `a watcher ends with 0 (${code}) when the run is completed`);
  return output;
}

/** What was drawn, without colours and movements. */
function frames(output: string): string[] {
  const drawn = output.split(BEGIN).slice(1);
  return drawn.map((frame) => stripVTControlCharacters(frame.split(END)[0] ?? ''));
}

function fits(drawn: readonly string[], columns: number): void {
  const widest = Math.max(...drawn.flatMap((frame) => frame.split(/\r?\n/)).map((line) => [...line].length));
  must(widest < columns, `no line of ${drawn.length} views is wider than ${columns} columns (${widest})`);
}

function shows(drawn: readonly string[], what: RegExp, name: string): void {
  const found = drawn.map((each) => what.exec(each)?.[0]).find((each) => each !== undefined);
  must(
    found !== undefined,
    `it shows ${name}: ${found?.trim() ?? `nothing like ${what} in\n${drawn.join('\n')}`}`,
  );
}
