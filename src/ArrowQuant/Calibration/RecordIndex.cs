using ArrowQuant.Errors;

namespace ArrowQuant.Calibration;

/// <summary>
/// Collects where the rows of each layer lie in a file of records (JSON lines, Parquet, Arrow), and checks that records agree with each
/// other. A record without a shape is one row; with a shape it is <c>[..., features]</c>, its values row-major.
/// </summary>
/// <param name="path">The file.</param>
internal sealed class RecordIndex(string path)
{
    /// <summary>The most rows that one file may hold.</summary>
    public const int RowLimit = 1 << 24;

    /// <summary>The most values that one row, or one record, may hold.</summary>
    public const int FeatureLimit = 1 << 24;

    private readonly Dictionary<string, LayerIndex> _layers = new(StringComparer.Ordinal);
    private int _rows;

    /// <summary>Adds the rows of one record.</summary>
    /// <param name="record">What the record says of itself.</param>
    /// <param name="place">Where it lies.</param>
    /// <param name="where">Its name in messages: <c>line 3</c>.</param>
    /// <exception cref="CalibrationException">The record is impossible, or rows of one layer have different lengths.</exception>
    public void Add(RecordHead record, RecordPlace place, string where)
    {
        (int count, int features) = Measure(record, where);
        if (_rows + (long)count > RowLimit) throw Error($"{where} is beyond the {RowLimit} rows that a file may hold");
        _rows += count;
        string name = CalibrationLayers.NameOf(record.Layer ?? "");
        if (!_layers.TryGetValue(name, out LayerIndex? layer)) _layers.Add(name, layer = new LayerIndex(features, where));
        if (layer.Features != features)
        {
            throw Error(
                $"{where} has {features} values in a row of {Subject(name)}, expected {layer.Features} as {layer.FirstPlace} has", name);
        }

        for (int i = 0; i < count; i++)
        {
            layer.Places.Add(place with { Offset = i * features });
            layer.Timesteps.Add(record.Timestep ?? double.NaN);
        }
    }

    /// <summary>The layers that were added; <paramref name="file"/> reads their rows.</summary>
    public CalibrationLayers Build(RecordFile file)
    {
        CalibrationLayers layers = new();
        foreach ((string name, LayerIndex layer) in _layers)
        {
            layers.Rows.Add(name, new RecordRows(file, [.. layer.Places])
            {
                FilePath = path,
                Layer = name,
                Features = layer.Features,
                Count = layer.Places.Count,
                Timesteps = layer.Timesteps.TrueForAll(double.IsNaN) ? null : [.. layer.Timesteps],
            });
        }

        return layers;
    }

    private (int Count, int Features) Measure(RecordHead record, string where)
    {
        if (record.ValueCount is 0 or > FeatureLimit)
            throw Error($"{where} has {record.ValueCount} values in data, expected 1..{FeatureLimit}");
        if (record.Shape is not { } shape) return (1, (int)record.ValueCount);
        long product = 1;
        foreach (long dimension in shape)
        {
            if (dimension is < 1 or > FeatureLimit || product * dimension > FeatureLimit)
            {
                throw Error(
                    $"{where} has shape [{string.Join(", ", shape)}], "
                    + "expected dimensions of 1 or more whose product is the length of data");
            }

            product *= dimension;
        }

        if (shape.Count == 0 || product != record.ValueCount)
            throw Error($"{where} has shape [{string.Join(", ", shape)}] and {record.ValueCount} values in data, expected {product}");
        return ((int)(product / shape[^1]), (int)shape[^1]);
    }

    private static string Subject(string name) => name.Length == 0 ? "no layer" : $"layer {Sources.Printable.Of(name)}";

    private CalibrationException Error(string what, string? layer = null) =>
        new($"{path}: {what}") { FilePath = path, TensorName = string.IsNullOrEmpty(layer) ? null : layer };

    private sealed class LayerIndex(int features, string firstPlace)
    {
        public int Features { get; } = features;

        public string FirstPlace { get; } = firstPlace;

        public List<RecordPlace> Places { get; } = [];

        public List<double> Timesteps { get; } = [];
    }
}

/// <summary>What a record says before its values are used.</summary>
/// <param name="Layer">The layer, or null.</param>
/// <param name="ValueCount">Values in <c>data</c>.</param>
/// <param name="Shape">The shape of the values, or null for one row.</param>
/// <param name="Timestep">The timestep, or null.</param>
internal readonly record struct RecordHead(string? Layer, long ValueCount, IReadOnlyList<long>? Shape, double? Timestep);

/// <summary>Where one row of activations lies in a file of records.</summary>
/// <param name="Part">The row group or record batch; the line number of a text file.</param>
/// <param name="Position">The record's number within the part; the byte at which a line begins.</param>
/// <param name="Length">Bytes of a line; 0 elsewhere.</param>
/// <param name="Offset">The row's first value within the record.</param>
internal readonly record struct RecordPlace(int Part, long Position, int Length = 0, int Offset = 0);
