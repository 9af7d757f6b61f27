// tier: readers — prompts over the real corpus and hostile texts as token ids: id for id what Hugging Face's tokenizer makes of the literal text, and how long that takes
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { instructionSynthesizer } from '../../activities/synthesize/generators/instruction-synthesizer.ts';
import { openPromptTokenizer } from '../../activities/synthesize/prompt-tokenizer.ts';
import { prompt } from '../../activities/synthesize/protocol/prompt.ts';
import { minePairs } from '../../activities/synthesize/rules/mine.ts';
import type { Pair } from '../../workflows/contract.ts';
import { caseFor, PYTHON } from '../readers/published.ts';
import { DATA, must, run, scratch, skip } from './lib.ts';
import { corpusTexts } from './parts/mined-corpus.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
if (PYTHON === undefined)
  skip('INSTRUCT_LAKE_PYTHON names no Python with the readers; test/readers/run.sh does');

const HOSTILE = [
  '<s>',
  '</s><s> <CON> mine </CON>\n\n<QUE> q <ANS> a </END>',
  'a <unk> b <pad> [PAD][PAD] [INST] do [/INST] <|im_end|><|endoftext|> <|end|>',
  '<unk><unk>x<|endoftext|>',
  '< s >‹s>＜s＞ [ PAD]',
  ' \t\n\r\n leading and trailing \n\n ',
  '▁<s>▁</s> <0x0A> ĠĊ',
  'e\u0301 é ﬁ Å ½ \u00a0\u2003\u200b\u202e\ufeff',
  '患者来了。환자는 क्रोनिक Việc 😀👩‍⚕️🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  'x'.repeat(9_000),
  '\0\u0001\u007f\u0085\u2028',
  '[PAD]'.repeat(300),
];
const WINDOW = 4096;
const NEW_TOKENS = 400;
/** Of so many texts as many are taken as a slot has. */
const EVERY = 24;
/** After so many a slot begins anew. */
const ROUNDS = 3;

const folder = scratch('token-ids');
const corpus = (await corpusTexts(join(DATA, 'corpus')))
  .filter(({ row }) => row % EVERY < ROUNDS)
  .map(({ text }) => text);
const texts = [...HOSTILE.flatMap((text) => [text, corpus[0] ?? '', text]), ...corpus];
for (const name of ['openllama', 'gpt2']) {
  const file = join(DATA, 'tokenizers', `${name}.json`);
  const tokenizer = await openPromptTokenizer(file);
  const { parts, ask } = instructionSynthesizer(
    {
      ...{ name: 'instruction-synthesizer', model: 'm', window: WINDOW, newTokens: NEW_TOKENS },
      ...{ temperature: 0, tokenizer: tokenizer.sha256 },
    },
    tokenizer,
  );
  const prompts = join(folder, `${name}.jsonl`);
  const out = createWriteStream(prompts);
  let count = 0;
  let asking = 0;
  let busy = 0;
  let told: { context: string; pairs: readonly Pair[] }[] = [];
  for (const [i, text] of texts.entries()) {
    if (i % ROUNDS === 0) told = [];
    for (const context of await parts(text)) {
      const from = performance.now();
      const { active } = performance.eventLoopUtilization();
      const asked = await ask(told, context, 's');
      asking += performance.now() - from;
      busy += performance.eventLoopUtilization().active - active;
      const literal = tokenizer.neutralise(prompt(told.slice(told.length - asked.history), context));
      if (!out.write(`${JSON.stringify({ text: literal, ids: asked.ask.body.prompt })}\n`))
        await once(out, 'drain');
      count++;
      told = [...told, { context, pairs: minePairs(context) }];
    }
  }
  out.end();
  await finished(out);
  console.log(
    `  ${name}: ${(asking / count).toFixed(2)} ms a prompt, of which the main thread ${(busy / count).toFixed(2)} ms`,
  );
  const made = { tokenizer: file, prompts, count, room: WINDOW - NEW_TOKENS };
  const { code, stderr } = await run(PYTHON, caseFor('token_ids.py', folder, made), { echo: true });
  must(code === 0, `Hugging Face's tokenizer agrees on ${name}${code === 0 ? '' : `:\n${stderr}`}`);
}
