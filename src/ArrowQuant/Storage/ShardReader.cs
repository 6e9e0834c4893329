using System.Globalization;
using ArrowQuant.Errors;
using ParquetSharp;

namespace ArrowQuant.Storage;

/// <summary>
/// Reads one shard: the describing columns when it is opened, weights block by block later, from the row group that holds the block and no
/// other. Thread-safe: one block is read at a time.
/// </summary>
internal sealed class ShardReader : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ParquetPages _pages;
    private readonly ParquetFileReader _reader;
    private readonly Dictionary<string, int> _columns = [];
    private readonly List<List<(LayerHeader Header, StoredBlock Block)>> _rowGroups = [];
    private int _cachedRowGroup = -1;
    private float[][] _scales = [];
    private float[][] _zeroPoints = [];
    private float[][] _levels = [];

    /// <summary>Opens the file and understands its layers.</summary>
    /// <exception cref="ModelFormatException">The file is damaged, incomplete, newer, or describes layers that cannot be.</exception>
    public ShardReader(string path, string? component)
    {
        FilePath = path;
        (_pages, _reader) = Open(path);
        try
        {
            using FileMetaData footer = _reader.FileMetaData;
            CheckFooter(path, footer);
            FindColumns(footer.Schema);
            Layers = ReadLayers(footer, component);
        }
        catch (Exception e)
        {
            Dispose();
            if (Failures.IsDamage(e)) throw Failures.Format(path, null, $"is damaged: {e.Message}", e);
            throw;
        }
    }

    public string FilePath { get; }

    public IReadOnlyList<StoredLayer> Layers { get; }

    /// <summary>True when the footer of the file carries this program's format key.</summary>
    public static bool IsOwn(string path)
    {
        try
        {
            (ParquetPages pages, ParquetFileReader opened) = Open(path);
            using ParquetFileReader reader = opened;
            pages.Dispose();
            using FileMetaData footer = reader.FileMetaData;
            return footer.KeyValueMetadata.ContainsKey(ArtefactLayout.FormatKey);
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }

    /// <summary>Reads the packed codes or raw values of a block.</summary>
    /// <exception cref="ModelFormatException">The file is damaged or the value has another size.</exception>
    public byte[] ReadData(LayerHeader header, StoredBlock block) => Guarded(header.LayerName, () =>
    {
        lock (_lock)
        {
            return WithColumn(
                ArtefactColumns.Data, block.RowGroup, reader => DataColumn.ReadExact(reader, block.RowInGroup, block.DataBytes));
        }
    });

    /// <summary>Reads the scales, zero points and levels of a block, each as long as its header says.</summary>
    /// <exception cref="ModelFormatException">The file is damaged or a list has another length.</exception>
    public (float[] Scales, float[] ZeroPoints, float[] Levels) ReadFloats(LayerHeader header, StoredBlock block) =>
        Guarded(header.LayerName, () =>
        {
            lock (_lock)
            {
                if (_cachedRowGroup != block.RowGroup) CacheFloats(block.RowGroup);
                return (_scales[block.RowInGroup], _zeroPoints[block.RowInGroup], _levels[block.RowInGroup]);
            }
        });

    public void Dispose()
    {
        _reader.Dispose();
        _pages.Dispose();
    }

    private static (ParquetPages Pages, ParquetFileReader Reader) Open(string path)
    {
        ParquetPages? pages = null;
        try
        {
            pages = ParquetPages.Open(path);
            using ReaderProperties properties = ParquetMemory.BufferedReader();
            return (pages, new ParquetFileReader(path, properties));
        }
        catch (Exception e) when (Failures.IsDamage(e))
        {
            pages?.Dispose();
            string what = $"is not a whole Parquet file: {e.Message}; it was cut short or damaged, copy or write it again";
            throw Failures.Format(path, null, what, e);
        }
    }

    private static void CheckFooter(string path, FileMetaData footer)
    {
        IReadOnlyDictionary<string, string> keys = footer.KeyValueMetadata;
        if (!keys.TryGetValue(ArtefactLayout.FormatKey, out string? version))
            throw Failures.Format(path, null, $"has no footer key {ArtefactLayout.FormatKey}: it was not written by ArrowQuant");
        FormatVersions.RequireReadable(path, version);
        if (!keys.TryGetValue(ArtefactLayout.CompleteKey, out string? complete))
            throw Failures.Format(path, null, $"has no footer key {ArtefactLayout.CompleteKey}: its writer did not finish; write it again");
        if (complete != footer.NumRows.ToString(CultureInfo.InvariantCulture))
            throw Failures.Format(path, null, $"has {footer.NumRows} rows, its footer key {ArtefactLayout.CompleteKey} says {complete}");
    }

    private void FindColumns(SchemaDescriptor schema)
    {
        for (int i = 0; i < schema.NumColumns; i++) _columns.TryAdd(schema.Column(i).Path.ToDotVector()[0], i);
        foreach (ArtefactColumn column in ArtefactColumns.All)
        {
            if (!_columns.TryGetValue(column.Name, out int index)) throw Failures.Format(FilePath, null, $"has no column {column.Name}");
            PhysicalType found = schema.Column(index).PhysicalType;
            if (found != column.Physical)
                throw Failures.Format(FilePath, null, $"column {column.Name} is {found}, expected {column.Physical}");
        }
    }

    private IReadOnlyList<StoredLayer> ReadLayers(FileMetaData footer, string? component)
    {
        LayerAssembly assembly = new(this, component);
        for (int g = 0; g < footer.NumRowGroups; g++)
        {
            List<PageHeader> pages = [];
            (List<StoredRow> rows, long dataBytes) = ReadDescriptions(g, pages);
            List<(LayerHeader Header, StoredBlock Block)> group = [];
            for (int i = 0; i < rows.Count; i++)
            {
                StoredRow row = rows[i];
                group.Add(Guarded(row.LayerName, () => assembly.Add(row, g, i)));
            }

            long expected = group.Sum(entry => entry.Block.DataBytes);
            if (expected > dataBytes)
                throw Failures.Format(FilePath, null, $"row group {g} holds {dataBytes} bytes of data, its shapes need {expected}");
            long[] stored = StoredShare.Of(pages, [.. group.Select(entry => entry.Block.DataBytes)]);
            for (int i = 0; i < stored.Length; i++) group[i].Block.StoredBytes = stored[i];
            _rowGroups.Add(group);
        }

        return assembly.Finish();
    }

    private (List<StoredRow> Rows, long DataBytes) ReadDescriptions(int rowGroup, List<PageHeader> pages)
    {
        using RowGroupReader group = _reader.RowGroup(rowGroup);
        // A row costs the data column at least its length prefix, which bounds what a lying row count could make us allocate.
        long rowCount = group.MetaData.NumRows;
        long dataBytes = _pages.Check(rowGroup, _columns[ArtefactLayout.Data], pages);
        if (rowCount < 0 || rowCount > dataBytes)
            throw Failures.Format(FilePath, null, $"row group {rowGroup} has {rowCount} rows in {dataBytes} bytes of data");
        List<StoredRow> rows = [];
        for (long i = 0; i < rowCount; i++) rows.Add(new StoredRow());
        foreach (ArtefactColumn column in ArtefactColumns.Describing)
        {
            try
            {
                _pages.Check(rowGroup, _columns[column.Name]);
                using ColumnReader reader = group.Column(_columns[column.Name]);
                column.Read(reader, rows);
            }
            catch (Exception e) when (Failures.IsDamage(e))
            {
                throw Failures.Format(FilePath, null, $"column {column.Name} of row group {rowGroup} is damaged: {e.Message}", e);
            }
        }

        return (rows, dataBytes);
    }

    // The lists of a row group lie in shared pages: they are decoded once and kept for its next block.
    private void CacheFloats(int rowGroup)
    {
        _cachedRowGroup = -1;
        _scales = ReadLists(ArtefactColumns.Scales, rowGroup, (layer, rows) => layer.ScaleCount(rows));
        _zeroPoints = ReadLists(ArtefactColumns.ZeroPoints, rowGroup, (layer, rows) => layer.ZeroPointCount(rows));
        _levels = ReadLists(ArtefactColumns.Levels, rowGroup, (layer, rows) => layer.LevelCount(rows));
        _cachedRowGroup = rowGroup;
    }

    private float[][] ReadLists(ListColumn<float> column, int rowGroup, Func<LayerHeader, int, int> length)
    {
        List<(LayerHeader Header, StoredBlock Block)> rows = _rowGroups[rowGroup];
        try
        {
            return WithColumn(column, rowGroup, reader =>
                ListColumn<float>.ReadExact(reader, [.. rows.Select(row => length(row.Header, row.Block.RowCount))]));
        }
        catch (ListLengthException e)
        {
            (LayerHeader header, StoredBlock block) = rows[e.Row];
            throw Failures.Format(
                FilePath,
                header.LayerName,
                $"block at row {block.RowStart} has {e.Found} {column.Name}, expected {length(header, block.RowCount)}",
                e);
        }
    }

    private T WithColumn<T>(ArtefactColumn column, int rowGroup, Func<ColumnReader, T> read)
    {
        try
        {
            _pages.Check(rowGroup, _columns[column.Name]);
            using RowGroupReader group = _reader.RowGroup(rowGroup);
            using ColumnReader reader = group.Column(_columns[column.Name]);
            return read(reader);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"column {column.Name} {e.Message}", e);
        }
    }

    private T Guarded<T>(string layerName, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (Failures.IsDamage(e))
        {
            throw Failures.Format(FilePath, layerName, e.Message, e);
        }
    }
}
