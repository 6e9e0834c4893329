using ParquetSharp;

namespace ArrowQuant.Sources.Parquet;

/// <summary>
/// Reads single values of the <c>data</c> column. It stands behind the value that it read last, so going forward through a file reads
/// every page once; going back opens the row group again. Not thread-safe.
/// </summary>
/// <param name="largestPage">The most bytes that a page may take, as <see cref="ParquetFile.Open"/> understands it.</param>
internal sealed class DataCursor(long? largestPage) : IDisposable
{
    private ParquetFile? _file;
    private RowGroupReader? _group;
    private ColumnReader<ByteArray>? _column;
    private RowAddress _next;

    /// <summary>The bytes of one value; none for a null.</summary>
    public byte[] Read(RowAddress address, string tensor) => At(address, tensor, value => ColumnValues.AsSpan(value).ToArray(), []);

    /// <summary>The length of one value in bytes; 0 for a null.</summary>
    public long Measure(RowAddress address, string tensor) => At(address, tensor, value => (long)value.Length, 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        _column?.Dispose();
        _group?.Dispose();
        _file?.Dispose();
        (_column, _group, _file, _next) = (null, null, null, default);
    }

    private T At<T>(RowAddress address, string tensor, Func<ByteArray, T> read, T ifNull)
    {
        try
        {
            return ParquetFailure.Map(address.FilePath, tensor, () => Next(Seek(address), address, tensor, read, ifNull));
        }
        catch
        {
            Dispose(); // after a failure the native reader's position means nothing
            throw;
        }
    }

    private T Next<T>(ColumnReader<ByteArray> column, RowAddress address, string tensor, Func<ByteArray, T> read, T ifNull)
    {
        Span<short> definition = stackalloc short[1];
        Span<short> repetition = stackalloc short[1];
        Span<ByteArray> value = stackalloc ByteArray[1];
        long levels = 0;
        long count = 0;
        if (column.HasNext) levels = column.ReadBatch(1, definition, repetition, value, out count);
        if (levels == 0 && count == 0)
            throw _file!.Error($"is damaged: column 'data' ends before row {address.Row} of row group {address.RowGroup}", tensor);
        _next = address with { Row = address.Row + 1 };
        return count == 0 ? ifNull : read(value[0]);
    }

    private ColumnReader<ByteArray> Seek(RowAddress address)
    {
        bool sameGroup = _column is not null && _next.FilePath == address.FilePath && _next.RowGroup == address.RowGroup;
        if (!sameGroup || _next.Row > address.Row) Reopen(address);
        long skip = address.Row - _next.Row;
        if (skip > 0 && _column!.Skip(skip) != skip)
            throw _file!.Error($"is damaged: column 'data' ends before row {address.Row} of row group {address.RowGroup}");
        return _column!;
    }

    private void Reopen(RowAddress address)
    {
        Dispose();
        _file = ParquetFile.Open(address.FilePath, largestPage);
        if (address.RowGroup >= _file.RowGroupCount)
            throw _file.Error($"changed while it was read: it has {_file.RowGroupCount} row groups, expected more than {address.RowGroup}");
        _group = _file.RowGroup(address.RowGroup);
        _column = (ColumnReader<ByteArray>)_file.Column(_group, address.RowGroup, "data");
        _next = address with { Row = 0 };
    }
}
