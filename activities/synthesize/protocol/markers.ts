/** The literal marks of the instruction synthesizer's tag protocol (docs of the published synthesizer; arXiv 2406.14491). */
export const MARK = {
  begin: '<s>',
  end: '</s>',
  context: '<CON>',
  contextEnd: '</CON>',
  question: '<QUE>',
  answer: '<ANS>',
  pairEnd: '</END>',
  options: '\nOptions:\n- ',
  option: '\n- ',
  thinkAloud: "\nLet's think step by step.",
  conclusion: '\nTherefore, the answer is ',
} as const;

/**
 * What a protocol mark's `<` becomes in a prompt: U+2039, which people read as the same sign and no tokenizer as part of
 * a mark. Removing the mark instead could join what stood around it into a new one, and would hide that it was there.
 */
export const HARMLESS = '\u2039';

/** Any spelling of a mark: either case, a slash or none, blanks anywhere inside the brackets. */
const ANY_MARK =
  /<([ \t\r\n\u00a0]*\/?[ \t\r\n\u00a0]*(?:s|con|que|ans|end)[ \t\r\n\u00a0]*\/?[ \t\r\n\u00a0]*>)/gi;

/** The text with every protocol mark made harmless. For prompts only: what is trained on keeps its bytes. Idempotent. */
export function neutralise(text: string): string {
  return text.includes('<') ? text.replace(ANY_MARK, `${HARMLESS}$1`) : text;
}

/** Whether the text contains a protocol mark in any spelling. */
export function hasMarker(text: string): boolean {
  return text.includes('<') && text.search(ANY_MARK) >= 0;
}

/** The protocol marks of a text, in any spelling, in order. */
export function markersIn(text: string): string[] {
  return text.includes('<') ? (text.match(ANY_MARK) ?? []) : [];
}
