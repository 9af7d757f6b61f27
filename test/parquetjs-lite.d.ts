/** What the tests use of parquetjs-lite, which has no types of its own. */
declare module 'parquetjs-lite' {
  interface Field {
    type: 'UTF8' | 'INT64' | 'INT32';
    optional?: boolean;
    compression?: 'UNCOMPRESSED' | 'GZIP' | 'SNAPPY';
  }
  class ParquetSchema {
    constructor(fields: Record<string, Field>);
  }
  class ParquetWriter {
    static openFile(
      schema: ParquetSchema,
      path: string,
      options?: { useDataPageV2?: boolean },
    ): Promise<ParquetWriter>;
    setRowGroupSize(rows: number): void;
    appendRow(row: Record<string, unknown>): Promise<void>;
    close(): Promise<void>;
  }
  const parquetjs: { ParquetSchema: typeof ParquetSchema; ParquetWriter: typeof ParquetWriter };
  export default parquetjs;
}
