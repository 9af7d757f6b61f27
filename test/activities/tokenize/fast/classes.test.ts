import { expect, test } from 'vitest';
import {
  classTable,
  packClasses,
  readClassFile,
  unpackClasses,
} from '../../../../activities/tokenize/fast/classes.ts';
import { classesOfLibrary, libraryVersion } from '../../../../scripts/tokenizer-classes.ts';

test('the class of every code point is what the installed library sees', async () => {
  expect(readClassFile().library).toBe(libraryVersion());
  const library = await classesOfLibrary();
  const table = classTable();
  const different = [...library.keys()].filter((code) => library[code] !== table[code]);
  expect(different).toEqual([]);
}, 120_000);
test('a packed table is itself again', () => {
  expect(packClasses(unpackClasses(readClassFile().classes))).toBe(readClassFile().classes);
});
