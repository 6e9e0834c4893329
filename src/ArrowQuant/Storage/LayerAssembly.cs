using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>Puts the rows of one shard together to layers, and refuses rows that do not make whole layers.</summary>
internal sealed class LayerAssembly(ShardReader shard, string? component)
{
    private readonly List<StoredLayer> _layers = [];
    private readonly List<StoredBlock> _blocks = [];
    private LayerHeader? _open;
    private long _nextRow;

    /// <summary>Takes the next row of the file and gives the header of its layer.</summary>
    /// <exception cref="InvalidDataException">The row does not fit.</exception>
    public (LayerHeader Header, StoredBlock Block) Add(StoredRow row, int rowGroup, int rowInGroup)
    {
        LayerHeader header = StoredRowCodec.ToHeader(row);
        if (_open is null)
        {
            _open = header;
            _nextRow = 0;
        }
        else if (!Same(_open, header))
        {
            throw new InvalidDataException(row.LayerName == _open.LayerName
                ? "its blocks describe it differently"
                : $"begins although {_open.LayerName} has only rows 0..{_nextRow} of {_open.View.Rows}");
        }

        header = _open;
        StoredBlock block = CreateBlock(header, row, rowGroup, rowInGroup);
        _blocks.Add(block);
        _nextRow += block.RowCount;
        if (_nextRow == header.View.Rows)
        {
            _layers.Add(new StoredLayer(header, component, shard, [.. _blocks]));
            _blocks.Clear();
            _open = null;
        }

        return (header, block);
    }

    /// <summary>The layers of the file, after its last row.</summary>
    /// <exception cref="InvalidDataException">The last layer is not whole.</exception>
    public IReadOnlyList<StoredLayer> Finish() => _open is null
        ? _layers
        : throw new InvalidDataException($"the file ends although {_open.LayerName} has only rows 0..{_nextRow} of {_open.View.Rows}");

    private StoredBlock CreateBlock(LayerHeader header, StoredRow row, int rowGroup, int rowInGroup)
    {
        long rows = header.View.Rows;
        if (row.RowStart != _nextRow)
            throw new InvalidDataException($"has a block that begins at row {row.RowStart}, expected {_nextRow}");
        if (row.RowCount < Math.Min(1, rows) || row.RowCount > Math.Min(rows - _nextRow, int.MaxValue))
            throw new InvalidDataException($"has a block of {row.RowCount} rows at row {row.RowStart} of {rows}");
        if (row.CosineSimilarity is { } cosine && !double.IsFinite(cosine))
            throw new InvalidDataException($"cosine_similarity is {cosine}");
        if (row.Nmse is { } nmse && !double.IsFinite(nmse)) throw new InvalidDataException($"nmse is {nmse}");
        int count = (int)row.RowCount;
        // Also proves that group counts fit: there are no more groups than columns.
        long bytes = header.DataBytes(count) ?? throw new InvalidDataException($"a block of {count} rows does not fill whole bytes");
        if (bytes > ArtefactLayout.MaxValueBytes) throw new InvalidDataException($"has a block of {bytes} bytes; no value may reach 2 GiB");
        _ = header.ScaleCount(count);
        _ = header.LevelCount(count);
        return new StoredBlock(row.RowStart, count, bytes, StoredRowCodec.ParseHash(row.SourceXxh128))
        {
            CosineSimilarity = row.CosineSimilarity,
            Nmse = row.Nmse,
            RowGroup = rowGroup,
            RowInGroup = rowInGroup,
        };
    }

    // Equalization scales follow from spatial_quant_json, so equal documents are equal scales.
    private static bool Same(LayerHeader a, LayerHeader b) =>
        a with { Format = null } == b with { Format = null } && WithoutScales(a.Format) == WithoutScales(b.Format);

    private static QuantizedFormat? WithoutScales(QuantizedFormat? format) =>
        format is null ? null : format with { EqualizationScales = null };
}
