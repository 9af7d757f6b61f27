import { expect, test } from 'vitest';
import type { EndpointSettings, Settings } from '../../../../activities/settings.ts';
import { generatorPin, openGenerator } from '../../../../activities/synthesize/generators/open.ts';
import { PinMismatch } from '../../../../lake/errors.ts';
import { parseSpec } from '../../../../lake/spec.ts';

const endpoint = { urls: ['http://x'], concurrency: 1, timeoutMs: 1, window: 8192, newTokens: 800 };
const settings = (more: Partial<EndpointSettings> = {}): Settings => ({
  lake: { bucket: 'lake', region: 'us-east-1' },
  endpoints: { default: { ...endpoint, ...more } },
  tokenizers: {},
  launchers: {},
});
function specOf(synthesize: object) {
  const spec = parseSpec({
    domain: 'd',
    input: { prefix: 'raw/d/', text: 'text' },
    synthesize: { endpoint: 'default', ...synthesize },
    tokenizer: 'default',
    sequenceLength: 64,
    mix: { sources: [{ from: 'augmented', weight: 1 }] },
  });
  if (spec.synthesize.generator === 'given') throw new Error('an endpoint is asked here');
  return { ...spec, synthesize: spec.synthesize };
}
const tags = specOf({ generator: 'instruction-synthesizer' });
const faq = specOf({ generator: 'chat', prompts: ['faq'] });

test('the pin of the tag protocol says nothing of prompts; that of a chat model says how it is asked, and by which', async () => {
  const base = { model: 'm', window: 8192, newTokens: 800, temperature: 0 };
  expect(await generatorPin(tags.synthesize, settings(), 'm')).toMatchObject({
    name: 'instruction-synthesizer',
    ...base,
  });
  expect(await generatorPin(tags.synthesize, settings(), 'm')).not.toHaveProperty('prompts');
  const pin = await generatorPin(faq.synthesize, settings({ structuredOutput: 'none' }), 'm');
  expect(pin).toMatchObject({
    name: 'chat',
    ...base,
    structuredOutput: 'none',
    prompts: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const table = specOf({ generator: 'chat', prompts: ['table'] });
  expect((await generatorPin(table.synthesize, settings(), 'm')).prompts).not.toBe(pin.prompts);
});
test('a generator is opened as it was pinned; with other prompts it is refused', async () => {
  const run = { domain: 'd', run: 'r' };
  const pin = await generatorPin(faq.synthesize, settings(), 'm');
  const opened = await openGenerator({ ...run, spec: faq, generator: pin }, settings());
  expect((await opened.ask([], 'A', 'slot')).ask.path).toBe('/v1/chat/completions');
  const other = openGenerator(
    { ...run, spec: faq, generator: { ...pin, prompts: 'of-another-release' } },
    settings(),
  );
  await expect(other).rejects.toThrow(PinMismatch);
  await expect(other).rejects.toThrow('run d/r was started with other prompts');
  const protocol = await openGenerator(
    { ...run, spec: tags, generator: await generatorPin(tags.synthesize, settings(), 'm') },
    settings(),
  );
  expect((await protocol.ask([], 'A', 'slot')).ask.path).toBe('/v1/completions');
});
