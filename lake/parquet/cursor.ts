import { damage } from './damage.ts';
import type { Footer, RowGroup } from './footer.ts';
import { PageDamage, type PageValues } from './pages.ts';
import type { Row } from './rows.ts';

/** Walks over the values of one column, holding one page. */
export interface Cursor {
  /** Rows left of the page at hand; reads the next page where there are none. Throws CorruptParquet. */
  available(): Promise<number>;
  /** Sets the next values in `rows` from `at` on; answers about how many bytes they are. */
  move(rows: Row[], at: number): number;
}

/** A cursor that stands at row `fromRow` of the row group. */
export function openCursor(
  pages: AsyncGenerator<PageValues, void>,
  footer: Footer,
  group: RowGroup,
  column: string,
  fromRow: number,
): Cursor {
  let row = fromRow;
  let page: PageValues = { firstRow: fromRow, values: [], bytes: 0 };
  const left = (): number => page.firstRow + page.values.length - row;

  return {
    async available() {
      while (left() <= 0) {
        const next = await pages.next().catch((cause: unknown) => {
          throw damage(cause, footer, group, column);
        });
        if (next.done) {
          throw damage(
            new PageDamage('the pages end before the rows do', row, group.rows),
            footer,
            group,
            column,
          );
        }
        page = next.value;
      }
      return left();
    },
    move(rows, at) {
      const first = row - page.firstRow - at;
      for (let i = at; i < rows.length; i++) (rows[i] as Row)[column] = page.values[first + i];
      const count = rows.length - at;
      row += count;
      return page.values.length === 0 ? 0 : (page.bytes * count) / page.values.length;
    },
  };
}
