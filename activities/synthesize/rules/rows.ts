import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate } from './candidate.ts';
import type { Passage } from './passage.ts';
import { behindHeader, titled } from './read-lists.ts';
import { shuffled, wordsOf } from './strings.ts';
import { say } from './wording.ts';

interface Row {
  label: string;
  value: string;
}

interface Table {
  /** How questions name it. */
  name: string;
  rows: readonly Row[];
  /** Values of which a row could not be read, so that its rows are not all known. */
  doubtful: ReadonlySet<string>;
}

/** Rows that are asked about at most. */
const ASKED = 4;
/** Rows with one value that are asked for together, at most. */
const TOGETHER = 8;

/** Flattened tables of labels with shares ("Short neck 90% Myopia 3/57 …"): values, labels and claims about them. */
export function rows(passage: Passage, stream: RandomStream): Candidate[] {
  for (const { text } of passage.paragraphs) {
    const table = readTable(text, titled(passage) ?? 'the list');
    if (table === undefined) continue;
    const asked = shuffled(table.rows, stream).slice(0, ASKED);
    return [...asked.flatMap((row) => ask(row, table, stream)), ...together(table, stream)];
  }
  return [];
}

/**
 * Label and value in turn. Of what stands before the first value, only what follows a bracket that closes a header is a
 * label. Labels that stand twice are left out, since their value would be open.
 */
function readTable(text: string, name: string): Table | undefined {
  if (!text.includes('%') && !text.includes('/')) return undefined;
  const parts = text.split(/ (\d{1,3}(?:\.\d+)?%|\d{1,3}\/\d{1,3})(?= |$)/);
  const read: Row[] = [];
  const doubtful = new Set<string>();
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const label = (i === 0 ? behindHeader(parts[0] ?? '') : parts[i]?.trim()) ?? '';
    const value = parts[i + 1] ?? '';
    if (/^[A-Z0-9][^.?!:;%"]*$/.test(label) && wordsOf(label).length <= 8) read.push({ label, value });
    else doubtful.add(value);
  }
  const seen = new Map<string, number>();
  for (const { label } of read) seen.set(label, (seen.get(label) ?? 0) + 1);
  const rows = read.filter(({ label }) => seen.get(label) === 1);
  for (const { label, value } of read) if (seen.get(label) !== 1) doubtful.add(value);
  return rows.length < 2 ? undefined : { name, rows, doubtful };
}

function ask(row: Row, { name, rows: all }: Table, stream: RandomStream): Candidate[] {
  const other = [...new Set(all.map(({ value }) => value))].filter((value) => value !== row.value);
  const base = { evidence: `${row.label} ${row.value}`, sentence: -1 };
  const question = say(stream, 'row', { label: `"${row.label}"`, list: name });
  const candidates: Candidate[] = [
    { ...base, family: 'row', question, answer: row.value, distractors: other },
  ];
  const wrong = all.filter(({ value }) => value !== row.value).map(({ label }) => label);
  if (wrong.length >= 2) {
    const which = say(stream, 'rowChoice', { value: row.value, list: name });
    candidates.push({
      ...base,
      family: 'rowChoice',
      question: which,
      answer: row.label,
      distractors: wrong,
      closed: true,
    });
  }
  if (other.length > 0) candidates.push(claim(row, stream.pick(other), name, stream));
  return candidates;
}

/** All rows with one value, where a few have it and all of them could be read. */
function together({ name, rows: all, doubtful }: Table, stream: RandomStream): Candidate[] {
  const values = [...new Set(all.map(({ value }) => value))].filter((value) => !doubtful.has(value));
  return values.flatMap((value): Candidate[] => {
    const items = all.filter((row) => row.value === value).map(({ label }) => label);
    if (items.length < 2 || items.length > TOGETHER) return [];
    const question = say(stream, 'rowsAt', { value, list: name });
    return [{ family: 'rowsAt', question, answer: items.join('; '), items, sentence: -1, distractors: [] }];
  });
}

function claim({ label, value }: Row, other: string, name: string, stream: RandomStream): Candidate {
  const holds = stream.below(2) === 0;
  const asksTruth = stream.below(2) === 0;
  const labels = asksTruth ? ['True', 'False'] : ['Yes', 'No'];
  const statement = `In ${name}, "${label}" is given with ${holds ? value : other}.`;
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
