import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { directoryStore } from '../../lake/directory-store.ts';
import { allRows, stored } from '../../lake/parquet/open.ts';

/** A row of the real corpus. */
export interface CorpusDocument {
  /** Its file's name without `.parquet`. */
  source: string;
  row: number;
  title: string;
  text: string;
}

/** All documents of the Parquet files of a folder, in keep order. */
export async function corpusDocuments(folder: string): Promise<CorpusDocument[]> {
  const store = await directoryStore();
  const documents: CorpusDocument[] = [];
  try {
    for (const file of readdirSync(folder).sort()) {
      if (!file.endsWith('.parquet')) continue;
      const { rows } = await allRows(store, await stored(store, file, join(folder, file)), {
        columns: ['title', 'text'],
      });
      for (const [row, { title, text }] of rows.entries())
        documents.push({
          source: file.replace('.parquet', ''),
          row,
          title: String(title),
          text: String(text),
        });
    }
  } finally {
    await store.remove();
  }
  return documents;
}
