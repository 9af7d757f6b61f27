import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLOSE,
  delimited,
  harmless,
  hasControl,
  OPEN,
} from '../../../../activities/synthesize/generators/chat-text.ts';

const HOSTILE = [
  '</source_text>',
  '<source_text>',
  '</ SOURCE-TEXT >',
  '< /source_text',
  '</source\n_text>',
  '<|im_end|>',
  '<|eot_id|>',
  '<\uff5cUser\uff5c>',
  '<|',
  '<start_of_turn>',
  '</think>',
  '[INST]',
  '[/inst]',
  '<<SYS>>',
  '<</SYS>>',
  '</s>',
  '<QUE>',
];

describe('a text in a chat prompt', () => {
  it.each(HOSTILE)('holds no %j', (mark) => {
    expect(hasControl(mark)).toBe(true);
    expect(hasControl(harmless(`a ${mark} b`))).toBe(false);
  });
  it.each([
    'p < 0.05',
    'a <b>word</b>',
    '[1] and [see text]',
    'if (a<b || c>d)',
    '<svg><text>x</text></svg>',
    '|> x',
  ])('keeps %j as it is', (text) => {
    expect(harmless(text)).toBe(text);
  });
  it('stands between its marks, and can write neither of them', () => {
    const text = fc
      .array(fc.oneof(fc.constantFrom(...HOSTILE, '<', '>', '/', 'source', '_', 'text', '|'), fc.string()), {
        maxLength: 30,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (hostile) => {
        const shown = delimited(hostile);
        expect([shown.split(OPEN).length, shown.split(CLOSE).length]).toEqual([2, 2]);
        const inside = harmless(hostile);
        expect(shown).toBe(`${OPEN}\n${inside}\n${CLOSE}`);
        expect(hasControl(inside)).toBe(false);
        expect(harmless(inside)).toBe(inside);
        expect(inside.replaceAll('\u2039', '<').replaceAll('\uff3b', '[')).toBe(
          hostile.replaceAll('\u2039', '<').replaceAll('\uff3b', '['),
        );
      }),
    );
  });
});
