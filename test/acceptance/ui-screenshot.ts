// tier: manual — Temporal's own UI shows a run: docs/temporal-ui.png is taken of it
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { must, ROOT, skip } from './lib.ts';
import { BIOMED, importBiomed, stackUp } from './parts/stack.ts';
import { temporalCli } from './parts/temporal.ts';

const BROWSERS = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'];
const IMAGE = join(ROOT, 'docs', 'temporal-ui.png');
const MAX_BYTES = 300_000;
const PATIENCE_MS = 60_000;
const ID = 'ingest/biomed/2026-01-05';

const executablePath = BROWSERS.find((path) => path !== '' && existsSync(path));
if (executablePath === undefined) skip('there is no Chromium here (name one in CHROMIUM)');

const stack = await stackUp('ui-screenshot');
await importBiomed(stack);
const { folder, env, settings } = stack;
const temporal = await temporalCli(settings.temporal, { cwd: folder, env });
writeFileSync(join(folder, 'spec.json'), JSON.stringify({ ...BIOMED, train: { launcher: 'default' } }));
await temporal.start(ID, 'spec.json');
must((await temporal.result(ID)).code === 0, `${ID} is completed`);

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1110 } });
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${settings.ui}/namespaces/default/workflows/${encodeURIComponent(ID)}`);
  await page.getByText('publishRun').first().waitFor();
  for (const text of ['Completed', 'processPartitions', 'trainModel'])
    must((await page.getByText(text).count()) > 0, `the page shows "${text}"`);
  await page.screenshot({ path: IMAGE });
} finally {
  await browser.close();
}
const { size } = statSync(IMAGE);
must(size > 0 && size < MAX_BYTES, `docs/temporal-ui.png has ${size} bytes`);
