import { openBuilder, type Rendered } from './builder.ts';

/** A general instruction as one document: the question, one space, the response. */
export function renderInstruction({ question, answer }: { question: string; answer: string }): Rendered {
  const builder = openBuilder();
  builder.mark('question', question);
  builder.add(' ');
  builder.mark('answer', answer);
  const { text, spans } = builder.finish();
  return { text, spans };
}
