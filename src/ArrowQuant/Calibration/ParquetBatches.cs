using Apache.Arrow;
using Apache.Arrow.Ipc;
using ArrowQuant.Sources.Parquet;
using ArrowQuant.Storage;
using ParquetSharp;
using ParquetSharp.Arrow;

namespace ArrowQuant.Calibration;

/// <summary>The calibration columns of a Parquet file, a row group at a time.</summary>
internal sealed class ParquetBatches : IBatchReader
{
    // Values of a batch, when rows are as long as the file says: 16 MiB.
    private const int BatchValues = 1 << 22;
    private const int BatchRows = 4096;

    private readonly FileReader _reader;
    private readonly int[] _columns;

    private ParquetBatches(FileReader reader, int[] columns)
    {
        _reader = reader;
        _columns = columns;
    }

    /// <inheritdoc/>
    public int PartCount => _reader.NumRowGroups;

    /// <summary>Opens a file; its batches are of a size that holds a few MiB.</summary>
    public static IBatchReader Open(string path)
    {
        (int[] columns, long batchRows) = Plan(path);
        using ReaderProperties properties = ParquetMemory.BufferedReader();
        using ArrowReaderProperties arrow = ArrowReaderProperties.GetDefault();
        arrow.BatchSize = batchRows;
        arrow.UseThreads = false;
        arrow.PreBuffer = false;
        return new ParquetBatches(new FileReader(path, properties, arrow), columns);
    }

    /// <inheritdoc/>
    public IEnumerable<RecordBatch> Batches(int part)
    {
        using IArrowArrayStream stream = _reader.GetRecordBatchReader([part], _columns);
        while (stream.ReadNextRecordBatchAsync().AsTask().GetAwaiter().GetResult() is { } batch) yield return batch;
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private static (int[] Columns, long BatchRows) Plan(string path)
    {
        using ParquetFile file = ParquetFile.Open(path);
        if (!file.Has(BatchColumns.Data))
        {
            string found = string.Join(", ", file.ColumnNames.Order(StringComparer.Ordinal).Select(Sources.Printable.Of));
            throw BatchColumns.NoData(path, found);
        }

        int[] columns = [.. BatchColumns.Names.Where(file.Has).Select(file.IndexOf).Order()];
        long batchRows = BatchRows;
        for (int i = 0; i < file.RowGroupCount; i++)
        {
            foreach (string column in BatchColumns.Names.Where(file.Has)) file.CheckPages(i, column);
            using RowGroupReader group = file.RowGroup(i);
            using ColumnChunkMetaData chunk = group.MetaData.GetColumnChunkMetaData(file.IndexOf(BatchColumns.Data));
            long rowValues = chunk.NumValues / Math.Max(1, group.MetaData.NumRows) + 1;
            if (rowValues > RecordIndex.FeatureLimit + 1L)
            {
                throw CalibrationFailure.Error(
                    path, $"row group {i} has {rowValues} values in a row, expected at most {RecordIndex.FeatureLimit}");
            }

            batchRows = Math.Min(batchRows, Math.Max(1, BatchValues / rowValues));
        }

        return (columns, batchRows);
    }
}
