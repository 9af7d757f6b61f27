import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate } from './candidate.ts';
import type { Passage } from './passage.ts';
import { shuffled, wordsOf } from './strings.ts';
import { say } from './wording.ts';

interface Row {
  label: string;
  value: string;
}

/** Rows that are asked about at most. */
const ASKED = 4;

/** Flattened tables of labels with percentages ("Short neck 90% Myopia 50% …"): values, labels and claims about them. */
export function rows(passage: Passage, stream: RandomStream): Candidate[] {
  for (const { text } of passage.paragraphs) {
    const found = readRows(text);
    const values = [...new Set(found.map(({ value }) => value))];
    if (found.length < 2) continue;
    const about = passage.title === undefined ? '' : ` for ${passage.title}`;
    return shuffled(found, stream)
      .slice(0, ASKED)
      .flatMap((row) => ask(row, found, values, about, stream));
  }
  return [];
}

/**
 * Label and value in turn. Of what stands before the first value, only what follows a bracket that closes a header is a
 * label. Labels that stand twice are left out, since their value would be open.
 */
function readRows(text: string): Row[] {
  if (!text.includes('%')) return [];
  const parts = text.split(/ (\d{1,3}(?:\.\d+)?%)(?= |$)/);
  const found: Row[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const label = (i === 0 ? behindHeader(parts[0] ?? '') : parts[i]?.trim()) ?? '';
    const value = parts[i + 1] ?? '';
    if (/^[A-Z0-9][^.?!:;%"]*$/.test(label) && wordsOf(label).length <= 8) found.push({ label, value });
  }
  const seen = new Map<string, number>();
  for (const { label } of found) seen.set(label, (seen.get(label) ?? 0) + 1);
  return found.filter(({ label }) => seen.get(label) === 1);
}

/** What follows the header of a flattened table or list, where the header ends in a bracket: "Patients (when known) Fever". */
export function behindHeader(before: string): string | undefined {
  return /[a-z]\) ([A-Z][^()]*)$/.exec(before)?.[1]?.trim();
}

function ask(
  row: Row,
  found: readonly Row[],
  values: readonly string[],
  about: string,
  stream: RandomStream,
): Candidate[] {
  const evidence = `${row.label} ${row.value}`;
  const other = values.filter((value) => value !== row.value);
  const base = { evidence, sentence: -1 };
  const candidates: Candidate[] = [
    {
      ...base,
      family: 'row',
      question: say(stream, 'row', { label: `"${row.label}"`, about }),
      answer: row.value,
      distractors: other,
    },
  ];
  const wrong = found.filter(({ value }) => value !== row.value).map(({ label }) => label);
  if (wrong.length >= 2) {
    const question = say(stream, 'rowChoice', { value: row.value, about });
    candidates.push({
      ...base,
      family: 'rowChoice',
      question,
      answer: row.label,
      distractors: wrong,
      closed: true,
    });
  }
  if (other.length > 0) candidates.push(claim(row, stream.pick(other), about, stream));
  return candidates;
}

function claim({ label, value }: Row, other: string, about: string, stream: RandomStream): Candidate {
  const holds = stream.below(2) === 0;
  const asksTruth = stream.below(2) === 0;
  const labels = asksTruth ? ['True', 'False'] : ['Yes', 'No'];
  const statement = `In the list${about}, "${label}" is given with ${holds ? value : other}.`;
  return {
    family: 'truth',
    question: say(stream, asksTruth ? 'trueFalse' : 'yesNo', { statement }),
    answer: (holds ? labels[0] : labels[1]) ?? '',
    evidence: `${label} ${value}`,
    remark: holds
      ? 'This is what the statement says.'
      : `The statement has "${other}" where the text has "${value}".`,
    labels,
    sentence: -1,
    distractors: labels,
  };
}
