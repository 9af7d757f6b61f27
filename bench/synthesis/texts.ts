import { samplePassages } from '../../client/sample/index.ts';
import { openStream } from '../../lake/random.ts';

/** Sentences of a text, at least and at most. */
const SENTENCES = [4, 8] as const;

/** Texts of the sample's sentences, in drawn arrangements; each starts with its number, so that no two are equal. */
export function synthesisTexts(count: number): string[] {
  const sentences = samplePassages().flatMap(({ text }) =>
    text
      .replace(/\s+/g, ' ')
      .split(/(?<=[.?!])\s+/)
      .filter((sentence) => /^[\x20-\x7e]+$/.test(sentence) && !sentence.includes('<')),
  );
  return Array.from({ length: count }, (_, i) => {
    const draw = openStream('bench', 'text', `${i}`);
    const [least, most] = SENTENCES;
    const some = Array.from({ length: least + draw.below(most - least + 1) }, () => draw.pick(sentences));
    return [`Report number ${i + 1}.`, ...some].join(' ');
  });
}

/** A corpus as it is put into the lake: files, each of one row group and one partition. */
export function filesOf(texts: readonly string[], each: number): string[][] {
  return Array.from({ length: Math.ceil(texts.length / each) }, (_, i) =>
    texts.slice(i * each, (i + 1) * each),
  );
}

/**
 * The two texts of each chain, as the slots of a file make them: of n texts, i and ceil(n / 2) + i. The last of an
 * uneven number stands alone.
 */
export function chainsOf(file: readonly string[]): string[][] {
  const half = Math.ceil(file.length / 2);
  return Array.from({ length: half }, (_, i) =>
    [file[i], file[half + i]].filter((text) => text !== undefined),
  );
}
