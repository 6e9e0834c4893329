using System.Globalization;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;
using ParquetSharp;
using ParquetSharp.IO;
using ParquetSharp.Schema;

namespace ArrowQuant.Storage;

/// <summary>
/// Writes one shard. Rows are held until their <c>data</c> fills a row group, so memory stays at about one row group. Only
/// <see cref="Complete"/> makes the file readable: before it, disposing leaves a file without a footer. Not thread-safe; different shards
/// may be written at once.
/// </summary>
internal sealed class ShardWriter : IDisposable
{
    // Most blocks fill a row group but for part of a row: they do not wait for the next one, which could not join them.
    private const int EnoughBytes = ArtefactLayout.MaxBlockDataBytes / 8 * 7;

    private readonly string _path;
    private readonly string _relativePath;
    private readonly HashingFileStream _file;
    private readonly Dictionary<string, string> _metadata;
    private readonly ManagedOutputStream _output;
    private readonly ParquetFileWriter _writer;
    private readonly List<StoredRow> _pending = [];
    private readonly List<QuantizedBlock> _held = [];
    private readonly List<(long Length, bool IsKept)> _values = [];
    private readonly List<int> _groupEnds = [];
    private readonly bool _isCompressed;
    private readonly Action<QuantizedBlock>? _written;
    private long _pendingBytes;
    private LayerHeader? _checked;
    private bool _disposed;

    /// <summary>Creates the file, which must not exist, in a folder that does.</summary>
    /// <param name="path">Where the file is written.</param>
    /// <param name="options">How.</param>
    /// <param name="relativePath">Its path in the artefact; null for the bare file name.</param>
    /// <param name="expectedBytes">About how large it will be; 0 when that is not known.</param>
    /// <param name="written">Told of every block that is not needed any more.</param>
    /// <exception cref="ResourceException">The file cannot be created.</exception>
    public ShardWriter(
        string path,
        ArtefactWriterOptions options,
        string? relativePath = null,
        long expectedBytes = 0,
        Action<QuantizedBlock>? written = null)
        : this(path, Create(path, options, expectedBytes), options, relativePath)
    {
        _written = written;
    }

    /// <summary>The same with a file that is open already; it is closed with the writer.</summary>
    internal ShardWriter(string path, HashingFileStream file, ArtefactWriterOptions options, string? relativePath = null)
    {
        _path = path;
        _relativePath = relativePath ?? Path.GetFileName(path);
        _file = file;
        _isCompressed = options.Compression != Configuration.Compression.None;
        _metadata = new Dictionary<string, string>
        {
            [ArtefactLayout.FormatKey] = ArtefactLayout.FormatVersion,
            [ArtefactLayout.ArrowSchemaKey] = ArtefactSchema.ArrowSchemaText(),
        };
        using GroupNode schema = ArtefactSchema.CreateNode();
        using WriterProperties properties = ArtefactSchema.CreateProperties(options.Compression);
        _output = new ManagedOutputStream(_file, leaveOpen: true);
        try
        {
            _writer = new ParquetFileWriter(_output, schema, properties, _metadata);
        }
        catch (Exception e) when (_file.Failure is not null || Failures.IsFileSystem(e))
        {
            // It writes its mark at once, so that a disk may be full already here.
            _file.Abandon();
            _output.Dispose();
            _file.Dispose();
            throw Failures.CannotWrite(_path, _file.Failure ?? e);
        }
    }

    /// <summary>
    /// Adds a block of a quantized layer. The block is held until its row group is written; do not change it afterwards. Blocks of a layer
    /// come one after the other, and the figures of the layer with its last one.
    /// </summary>
    /// <exception cref="ArgumentException">The block is not one of the layer that the header describes.</exception>
    /// <exception cref="ResourceException">The file cannot be written.</exception>
    public void WriteBlock(LayerHeader header, QuantizedBlock block, UInt128 sourceHash, double? cosine, double? nmse)
    {
        Check(header);
        QuantizedFormat format = header.Format
            ?? throw new ArgumentException($"{header.LayerName} is kept: it has no codes", nameof(header));
        bool belongs = block.Format.BitWidth == format.BitWidth && block.Format.Layout == format.Layout
            && block.Format.Groups == format.Groups && block.Format.PerChannel == format.PerChannel
            && Equals(block.Format.Rotation, format.Rotation)
            && block.RowStart + block.RowCount <= header.View.Rows;
        if (!belongs) throw new ArgumentException($"the block does not belong to layer {header.LayerName}", nameof(block));
        StoredRow row = StoredRowCodec.ToRow(header, block.RowStart, block.RowCount, sourceHash);
        row.Data = block.Codes;
        row.Scales = block.Scales;
        row.ZeroPoints = block.ZeroPoints;
        row.Levels = format.LevelsPerGroup > 0 ? block.Levels : null;
        row.CosineSimilarity = cosine;
        row.Nmse = nmse;
        Add(row, isKept: false);
        _held.Add(block);
        if (_pending.Count == 0) Release();
    }

    /// <summary>Adds rows of a kept tensor; <paramref name="values"/> are their little-endian values, and are copied.</summary>
    /// <exception cref="ArgumentException">The values are not as many as the rows need.</exception>
    /// <exception cref="ResourceException">The file cannot be written.</exception>
    public void WriteKept(LayerHeader header, long rowStart, int rowCount, ReadOnlySpan<byte> values, UInt128 sourceHash)
    {
        Check(header);
        if (header.Format is not null) throw new ArgumentException($"{header.LayerName} is quantized: it has no values", nameof(header));
        long? needed = header.DataBytes(rowCount);
        if (needed != values.Length)
            throw new ArgumentException($"{rowCount} rows of {header.LayerName} need {needed} bytes, not {values.Length}", nameof(values));
        StoredRow row = StoredRowCodec.ToRow(header, rowStart, rowCount, sourceHash);
        row.Data = values.ToArray();
        Add(row, isKept: true);
    }

    /// <summary>Writes what is pending and the footer, marks the file complete and brings it to the disk.</summary>
    /// <exception cref="ResourceException">The file cannot be written.</exception>
    public ShardFile Complete()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Guarded(() =>
        {
            WriteRowGroup();
            _metadata[ArtefactLayout.CompleteKey] = _values.Count.ToString(CultureInfo.InvariantCulture);
            _writer.Close();
            _file.FlushToDisk();
        });
        ShardFile shard = new(_relativePath, _file.Position, _file.Xxh128Hex, _values.Count, 0) { Sha256 = _file.Sha256Hex };
        Dispose();
        return shard with { KeptBytes = KeptBytes() };
    }

    /// <summary>Closes the file; without <see cref="Complete"/> it stays without a footer.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _file.Abandon();
        _writer.Dispose();
        _output.Dispose();
        _file.Dispose();
        _pending.Clear();
    }

    private static HashingFileStream Create(string path, ArtefactWriterOptions options, long expectedBytes)
    {
        try
        {
            return new HashingFileStream(path, options.Sha256, FileMode.CreateNew, expectedBytes) { BeforeWrite = options.BeforeWrite };
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            throw Failures.CannotWrite(path, e);
        }
    }

    private void Add(StoredRow row, bool isKept)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (row.Data.Length > ArtefactLayout.MaxValueBytes)
            throw new ArgumentException($"{row.LayerName}: {row.Data.Length} bytes in a block; no value may reach 2 GiB", nameof(row));
        // A row group ends before the row that would make it larger than 4 MiB: so a larger row stands alone.
        if (_pendingBytes + row.Data.Length > ArtefactLayout.MaxBlockDataBytes) Guarded(WriteRowGroup);
        _pending.Add(row);
        _pendingBytes += row.Data.Length;
        _values.Add((row.Data.Length, isKept));
        if (_pendingBytes >= EnoughBytes) Guarded(WriteRowGroup);
    }

    private void WriteRowGroup()
    {
        if (_pending.Count == 0) return;
        using (RowGroupWriter group = _writer.AppendRowGroup())
        {
            foreach (ArtefactColumn column in ArtefactColumns.All)
            {
                using ColumnWriter writer = group.NextColumn();
                column.Write(writer, _pending);
            }
        }

        _pending.Clear();
        _pendingBytes = 0;
        _groupEnds.Add(_values.Count);
        Release();
    }

    // What compression left of the values is told by the headers of the pages that were written.
    private long KeptBytes()
    {
        if (!_isCompressed) return _values.Sum(value => value.IsKept ? value.Length : 0);
        long kept = 0;
        try
        {
            using ParquetPages pages = ParquetPages.Open(_path);
            for (int group = 0, first = 0; group < _groupEnds.Count; first = _groupEnds[group++])
            {
                List<PageHeader> headers = [];
                pages.Check(group, ArtefactColumns.DataIndex, headers);
                List<(long Length, bool IsKept)> values = _values[first.._groupEnds[group]];
                long[] stored = StoredShare.Of(headers, [.. values.Select(value => value.Length)]);
                kept += values.Zip(stored).Sum(pair => pair.First.IsKept ? pair.Second : 0);
            }
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            throw Failures.CannotWrite(_path, e);
        }

        return kept;
    }

    private void Release()
    {
        if (_written is not null) _held.ForEach(_written);
        _held.Clear();
    }

    // Equal headers are checked once: a layer's blocks all carry the same one.
    private void Check(LayerHeader header)
    {
        if (ReferenceEquals(header, _checked)) return;
        try
        {
            LayerHeader read = StoredRowCodec.ToHeader(StoredRowCodec.ToRow(header, 0, 0, 0));
            ReadOnlySpan<float> stored = read.Format?.EqualizationScales;
            ReadOnlySpan<float> used = header.Format?.EqualizationScales;
            if (!stored.SequenceEqual(used))
                throw new InvalidDataException("spatial_quant_json has other equalization scales than the format");
        }
        catch (InvalidDataException e)
        {
            throw new ArgumentException($"layer {header.LayerName}: {e.Message}", nameof(header), e);
        }

        _checked = header;
    }

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (_file.Failure is not null || Failures.IsFileSystem(e))
        {
            throw Failures.CannotWrite(_path, _file.Failure ?? e);
        }
    }
}
