using System.Runtime.ExceptionServices;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>
/// A quantized model opened for reading. Opening reads footers and the columns that describe layers; weights are read on demand, from the
/// row groups that hold them and no others. All members are thread-safe; disposing closes the files.
/// </summary>
public sealed class ArtefactReader : IDisposable
{
    private readonly List<ShardReader> _shards = [];
    private readonly Dictionary<string, StoredLayer> _byName = [];
    private readonly List<StoredLayer> _layers = [];
    private readonly KernelSet _kernels;
    private bool _disposed;

    private ArtefactReader(string folder, ArtefactMetadata? metadata, KernelSet kernels)
    {
        _kernels = kernels;
        Folder = folder;
        Metadata = metadata;
    }

    /// <summary>The folder that was opened.</summary>
    public string Folder { get; }

    /// <summary>Every layer and kept tensor, in stored order (components one after the other).</summary>
    public IReadOnlyList<StoredLayer> Layers => _layers;

    /// <summary>metadata.json, or null in the folder of one component.</summary>
    internal ArtefactMetadata? Metadata { get; }

    /// <summary>
    /// Opens an artefact folder, or the folder of one of its components, and checks that it is whole and does not contradict itself.
    /// </summary>
    /// <param name="folder">The folder with metadata.json, or with the shards of one component.</param>
    /// <exception cref="ModelNotFoundException">The folder or a shard that it lists does not exist.</exception>
    /// <exception cref="ModelFormatException">It is not an artefact, not complete, damaged, newer, or names something unknown.</exception>
    public static ArtefactReader Open(string folder) => Open(folder, threads: 0);

    /// <summary>The same, with at most so many files opened at once; 0 is one for each processor.</summary>
    internal static ArtefactReader Open(string folder, int threads) =>
        Open(folder, KernelSet.Create(Environment.GetEnvironmentVariable(KernelSet.EnvironmentVariable)), threads);

    /// <summary>The same with chosen kernels.</summary>
    internal static ArtefactReader Open(string folder, KernelSet kernels, int threads = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder)) throw new ModelNotFoundException($"{folder}: there is no such folder") { FilePath = folder };
        ArtefactMetadata? metadata = ShardFolder.ReadMetadata(folder);
        ArtefactReader reader = new(folder, metadata, kernels);
        try
        {
            reader.AddShards(
                metadata is null
                    ? [.. ShardFolder.FindShards(folder).Select(path => (path, (long?)null))]
                    : [.. metadata.Shards.Select(shard => (shard.Path, (long?)shard.Bytes))],
                threads == 0 ? Environment.ProcessorCount : threads);
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Finds a layer by its full name (<c>component/name</c> inside a component).</summary>
    public bool TryGetLayer(string layerName, out StoredLayer? layer) => _byName.TryGetValue(layerName, out layer);

    /// <summary>
    /// Decodes rows of a layer's [rows, columns] view; kept floating-point tensors are converted. Only the row groups that hold these
    /// rows are read.
    /// </summary>
    /// <param name="layerName">The layer's full name.</param>
    /// <param name="rowStart">The first row.</param>
    /// <param name="rowCount">How many rows.</param>
    /// <param name="destination">Receives [rowCount, columns] weights, row-major.</param>
    /// <exception cref="ArgumentException">No such layer, it holds no weights, or the destination has another size.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rows leave the layer.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    public void ReadRows(string layerName, long rowStart, int rowCount, Span<float> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        StoredLayer layer = Find(layerName);
        ArgumentOutOfRangeException.ThrowIfNegative(rowStart);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowCount, layer.View.Rows - rowStart);
        long columns = layer.View.Columns;
        if (destination.Length != rowCount * columns)
        {
            throw new ArgumentException(
                $"{rowCount} rows of {columns} columns need {rowCount * columns} values, not {destination.Length}", nameof(destination));
        }

        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            StoredBlock block = layer.Blocks[i];
            long first = Math.Max(rowStart, block.RowStart);
            int count = (int)(Math.Min(rowStart + rowCount, block.RowStart + block.RowCount) - first);
            if (count <= 0) continue;
            Span<float> target = destination.Slice((int)((first - rowStart) * columns), (int)(count * columns));
            int firstInBlock = (int)(first - block.RowStart);
            if (layer.IsKept) ConvertKept(layer, i, firstInBlock, target);
            else BlockDecoder.Decode(_kernels, ReadBlock(layer, i), firstInBlock, count, target);
        }
    }

    /// <summary>Decodes a whole layer in the element order of its <see cref="StoredLayer.Shape"/>.</summary>
    /// <exception cref="ArgumentException">There is no such layer, or it does not hold weights.</exception>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    /// <exception cref="ResourceException">The layer has more elements than one array can hold.</exception>
    public float[] ReadLayer(string layerName)
    {
        StoredLayer layer = Find(layerName);
        if (layer.Shape.ElementCount > Array.MaxLength)
        {
            throw Failures.Resource(
                layer.FilePath, $"tensor {layerName} has {layer.Shape.ElementCount} elements, more than one array holds; read it by rows");
        }

        MatrixView view = layer.View;
        float[] weights = new float[layer.Shape.ElementCount];
        if (weights.Length == 0) return weights;
        ReadRows(layerName, 0, (int)view.Rows, weights);
        return view.RowAxis == 0 ? weights : RestoreShape(weights, layer.Shape);
    }

    /// <summary>Compares every file that metadata.json lists with its hash.</summary>
    /// <exception cref="ModelFormatException">A file has other bytes than when it was written, or there is no metadata.json.</exception>
    public void VerifyHashes(CancellationToken cancellationToken = default)
    {
        if (Metadata is null) throw Failures.Format(Folder, null, $"has no {ArtefactLayout.MetadataFile} with the hashes of its files");
        foreach (ArtefactShard shard in Metadata.Shards)
            ContentHash.Verify(PathOf(shard.Path), shard.Xxh128, shard.Sha256, cancellationToken);
        if (Metadata.ReportXxh128 is { } report) ContentHash.Verify(PathOf(ArtefactLayout.ReportFile), report, null, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        foreach (ShardReader shard in _shards) shard.Dispose();
        _shards.Clear();
    }

    /// <summary>Reads one block of a quantized layer and checks its lengths and values.</summary>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    internal QuantizedBlock ReadBlock(StoredLayer layer, int block)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        LayerHeader header = layer.Header;
        QuantizedFormat format = header.Format ?? throw new ArgumentException($"{layer.FullName} is kept: it has no codes", nameof(layer));
        StoredBlock stored = layer.Blocks[block];
        byte[] codes = layer.Shard.ReadData(header, stored);
        (float[] scales, float[] zeroPoints, float[] levels) = layer.Shard.ReadFloats(header, stored);
        StoredValues.RequireDecodable(layer, stored, scales, zeroPoints, levels);
        QuantizedBlock result = new(format, stored.RowStart, stored.RowCount);
        codes.CopyTo(result.Codes, 0);
        scales.CopyTo(result.Scales, 0);
        zeroPoints.CopyTo(result.ZeroPoints, 0);
        levels.CopyTo(result.Levels, 0);
        return result;
    }

    /// <summary>Reads the little-endian values of one block of a kept tensor.</summary>
    /// <exception cref="ModelFormatException">The stored values are damaged.</exception>
    internal byte[] ReadKept(StoredLayer layer, int block)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!layer.IsKept) throw new ArgumentException($"{layer.FullName} is quantized: it has no raw values", nameof(layer));
        return layer.Shard.ReadData(layer.Header, layer.Blocks[block]);
    }

    // Stored as rows of dimension 1: element [o, r, k] of the shape is column o * inner + k of row r.
    internal static float[] RestoreShape(float[] rows, TensorShape shape)
    {
        int outer = (int)shape.Dimensions[0];
        int rowCount = (int)shape.Dimensions[1];
        int inner = rows.Length / (outer * rowCount);
        float[] restored = new float[rows.Length];
        for (int r = 0; r < rowCount; r++)
        {
            for (int o = 0; o < outer; o++)
                rows.AsSpan((r * outer + o) * inner, inner).CopyTo(restored.AsSpan((o * rowCount + r) * inner));
        }

        return restored;
    }

    private void ConvertKept(StoredLayer layer, int block, int firstRow, Span<float> target)
    {
        if (!layer.SourceType.IsWeight())
            throw new ArgumentException($"{layer.FullName} holds {layer.SourceType.Name()} values, not weights", nameof(layer));
        int elementBytes = layer.SourceType.BitSize() / 8;
        int offset = (int)(firstRow * layer.View.Columns * elementBytes);
        ReadOnlySpan<byte> values = ReadKept(layer, block).AsSpan(offset, target.Length * elementBytes);
        FloatConversion.ToSingle(ElementTypeFormats.FormatOf(layer.SourceType), values, target);
    }

    private StoredLayer Find(string layerName) => _byName.TryGetValue(layerName, out StoredLayer? layer)
        ? layer
        : throw new ArgumentException($"{Folder} has no tensor {layerName}", nameof(layerName));

    private string PathOf(string relativePath) => Path.Combine(Folder, relativePath.Replace('/', Path.DirectorySeparatorChar));

    // Each row group has many small columns to read. Of several faults that of the first file is reported.
    private void AddShards(IReadOnlyList<(string Path, long? Bytes)> shards, int threads)
    {
        var opened = new (ShardReader? Shard, ExceptionDispatchInfo? Failure)[shards.Count];
        Parallel.For(0, shards.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            try
            {
                opened[i].Shard = OpenShard(shards[i].Path, shards[i].Bytes);
            }
            catch (Exception e)
            {
                opened[i].Failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        _shards.AddRange(opened.Select(shard => shard.Shard).OfType<ShardReader>());
        foreach ((ShardReader? shard, ExceptionDispatchInfo? failure) in opened)
        {
            failure?.Throw();
            foreach (StoredLayer layer in shard!.Layers)
            {
                if (!_byName.TryAdd(layer.FullName, layer)) throw Failures.Format(shard.FilePath, layer.FullName, "is stored twice");
                _layers.Add(layer);
            }
        }
    }

    private ShardReader OpenShard(string relativePath, long? bytes)
    {
        string path = PathOf(relativePath);
        FileInfo file = new(path);
        if (!file.Exists) throw Failures.Missing(path);
        if (FolderBounds.WayOut(Folder, path) is { } place)
            throw Failures.Format(path, null, $"is a link to {place}, expected a file inside {Folder}");
        if (bytes is { } expected && file.Length != expected)
        {
            throw Failures.Format(
                path,
                null,
                $"has {file.Length} bytes, {ArtefactLayout.MetadataFile} says {expected}: it was cut short or changed, copy it again");
        }

        int slash = relativePath.IndexOf('/', StringComparison.Ordinal);
        return new ShardReader(path, slash < 0 ? null : relativePath[..slash]);
    }
}
