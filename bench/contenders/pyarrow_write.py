"""pyarrow_write.py FROM TO CODEC: writes a Parquet file anew with pyarrow's own defaults (one row group) and a codec."""

import sys

import pyarrow.parquet as pq

source, target, codec = sys.argv[1:]
pq.write_table(pq.read_table(source), target, compression=codec)
