// Writes docs/templates.html: documents of every mode from the sample's own passages, data in the colour of its kind.
//
//     node --import tsx scripts/template-examples.ts
import { writeFileSync } from 'node:fs';
import { minePairs } from '../activities/synthesize/rules/mine.ts';
import { joinExamples } from '../activities/template/documents.ts';
import { MODES, type Mode } from '../activities/template/pool-file.ts';
import { defaultPools } from '../activities/template/pools.ts';
import { renderChain } from '../activities/template/render.ts';
import { samplePassages } from '../client/sample/index.ts';
import type { Span } from '../workflows/contract.ts';

export const PAGE = new URL('../docs/templates.html', import.meta.url);
const EACH = 10;
/** Pairs of a text that are shown, so that the page can be read. */
const PAIRS = 3;
const COLOURS = { context: '#666', question: '#0550ae', rationale: '#8250df', answer: '#116329' };

/** The page, the same each time as long as pools, passages and rules are. */
export function examplesPage(): string {
  const examples = samplePassages()
    .map(({ text }) => ({ context: text, pairs: minePairs(text).slice(0, PAIRS) }))
    .filter(({ pairs }) => pairs.length >= 2);
  const sections = MODES.map((mode, m) => {
    const documents = Array.from({ length: EACH }, (_, i) => {
      const texts = 1 + (i % 2);
      const chain = Array.from(
        { length: texts },
        (_, j) => examples[(m * EACH * 2 + i * 2 + j) % examples.length] as (typeof examples)[number],
      );
      return documentOf(mode, `${mode}-${i}`, chain);
    });
    return `<h2>${mode}</h2>\n${documents.join('\n')}`;
  });
  const legend = Object.entries(COLOURS).map(([kind, colour]) => `<b style="color:${colour}">${kind}</b>`);
  return `<!doctype html>
<meta charset="utf-8">
<title>Documents of every mode</title>
<style>
body { font: 14px/1.4 sans-serif; max-width: 60em; margin: 2em auto; }
pre { white-space: pre-wrap; border-left: 3px solid #ccc; padding-left: 1em; }
${Object.entries(COLOURS)
  .map(([kind, colour]) => `.${kind} { color: ${colour}; }`)
  .join('\n')}
</style>
<h1>Documents of every mode</h1>
<p>${EACH} of each, from the sample's passages and the pairs of the embedded rules, one text or two in a chain: ${legend.join(', ')}.
What has no colour is of the templates. Written by <code>scripts/template-examples.ts</code>.</p>
${sections.join('\n')}
`;
}

function documentOf(mode: Mode, id: string, examples: Parameters<typeof renderChain>[0]['examples']): string {
  const pools = {
    ...defaultPools(),
    modes: { fewestPairsBelow2: { classic: 1 }, otherwise: { [mode]: 1 } },
  };
  const { text, spans } = joinExamples(renderChain({ id, examples }, { seed: 'examples', pools }));
  return `<pre>${coloured(text, spans)}</pre>`;
}

function coloured(text: string, spans: readonly Span[]): string {
  const bytes = Buffer.from(text);
  let html = '';
  let at = 0;
  for (const { kind, start, end } of spans) {
    html += escaped(bytes.toString('utf8', at, start));
    html += `<span class="${kind}">${escaped(bytes.toString('utf8', start, end))}</span>`;
    at = end;
  }
  return html + escaped(bytes.toString('utf8', at));
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE, examplesPage());
