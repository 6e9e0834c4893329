using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;

namespace ArrowQuant.Calibration;

/// <summary>
/// Calibration data in a safetensors file: <c>&lt;layer&gt;.input</c> [samples, in_features] with <c>&lt;layer&gt;.timestep</c> [samples],
/// and <c>&lt;layer&gt;.channel_sqmean</c>, <c>&lt;layer&gt;.channel_absmax</c> [buckets, in_features] with an optional
/// <c>&lt;layer&gt;.bucket_start</c> [buckets]. Other tensors are left alone.
/// </summary>
internal sealed class SafeTensorsCalibration
{
    private const string InputSuffix = ".input";
    private const string TimestepSuffix = ".timestep";
    private const string SquareMeanSuffix = ".channel_sqmean";
    private const string AbsoluteMaximumSuffix = ".channel_absmax";
    private const string BucketStartSuffix = ".bucket_start";

    // Without bucket_start the buckets are equal parts of the usual thousand timesteps.
    private const int UsualTimesteps = 1000;
    private const int BucketLimit = 4096;

    private readonly SafeTensorsFile _file;
    private readonly Dictionary<string, SafeTensorsEntry> _entries;

    private SafeTensorsCalibration(SafeTensorsFile file)
    {
        _file = file;
        _entries = file.Header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>Reads the header, the timesteps and the moments; rows are read later.</summary>
    /// <exception cref="CalibrationException">The file is broken or a tensor is not what its name says.</exception>
    public static CalibrationLayers Read(string path) => CalibrationFailure.Map(path, () =>
    {
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        return new SafeTensorsCalibration(file).ReadAll();
    });

    private CalibrationLayers ReadAll()
    {
        CalibrationLayers layers = new();
        foreach (SafeTensorsEntry entry in _file.Header.Entries)
        {
            if (Stem(entry.Name, InputSuffix) is { } withRows) AddUnique(layers.Rows, withRows, ReadRows(withRows, entry), entry);
            else if (Stem(entry.Name, SquareMeanSuffix) is { } withMoments)
                AddUnique(layers.Moments, withMoments, ReadMoments(withMoments, entry), entry);
            else if (Stem(entry.Name, AbsoluteMaximumSuffix) is { } alone && !_entries.ContainsKey(alone + SquareMeanSuffix))
                throw Error(entry, $"stands alone, expected {alone}{SquareMeanSuffix} beside it");
        }

        return layers;
    }

    private static string? Stem(string name, string suffix) =>
        name.Length > suffix.Length && name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : null;

    private void AddUnique<T>(Dictionary<string, T> layers, string stem, T value, SafeTensorsEntry entry)
    {
        if (!layers.TryAdd(CalibrationLayers.NameOf(stem), value))
            throw Error(entry, "is there twice, with .weight in the name and without");
    }

    private SafeTensorsRows ReadRows(string stem, SafeTensorsEntry entry)
    {
        (int count, int features) = MatrixOf(entry, "[samples, in_features]");
        return new SafeTensorsRows(entry)
        {
            FilePath = _file.Path,
            Layer = CalibrationLayers.NameOf(stem),
            Features = features,
            Count = count,
            Timesteps = _entries.TryGetValue(stem + TimestepSuffix, out SafeTensorsEntry? timesteps)
                ? ReadVector(timesteps, "[samples]")
                : null,
        };
    }

    private ChannelMoments ReadMoments(string stem, SafeTensorsEntry squares)
    {
        (int buckets, int features) = MatrixOf(squares, "[buckets, in_features]");
        if (buckets is 0 or > BucketLimit) throw Error(squares, $"has {buckets} buckets, expected 1..{BucketLimit}");
        if (!_entries.TryGetValue(stem + AbsoluteMaximumSuffix, out SafeTensorsEntry? maxima))
            throw Error(squares, $"stands alone, expected {stem}{AbsoluteMaximumSuffix} beside it");
        MatrixOf(maxima, "[buckets, in_features]");
        if (maxima.Shape != squares.Shape) throw Error(maxima, $"is {maxima.Shape}, expected {squares.Shape} as {squares.Name} is");
        (int[] starts, int end) = BucketsOf(stem, buckets);
        return new ChannelMoments
        {
            FilePath = _file.Path,
            Layer = CalibrationLayers.NameOf(stem),
            Features = features,
            Starts = starts,
            End = end,
            SquareMeans = ReadFloats(squares),
            AbsoluteMaxima = ReadFloats(maxima),
        };
    }

    private (int[] Starts, int End) BucketsOf(string stem, int buckets)
    {
        if (!_entries.TryGetValue(stem + BucketStartSuffix, out SafeTensorsEntry? entry))
        {
            int span = Math.Max(UsualTimesteps, buckets);
            return ([.. Enumerable.Range(0, buckets).Select(bucket => (int)((long)bucket * span / buckets))], span);
        }

        double[] values = ReadVector(entry, "[buckets]");
        if (values.Length != buckets) throw Error(entry, $"has {values.Length} values, expected {buckets}, one for each bucket");
        int[] starts = new int[buckets];
        for (int i = 0; i < buckets; i++)
        {
            bool ascends = values[i] is >= 0 and <= Timesteps.Limit && (i == 0 || values[i] > starts[i - 1]);
            if (!ascends || values[i] != Math.Floor(values[i]))
                throw Error(entry, $"has {values[i]} at {i}, expected whole timesteps that ascend within 0..{Timesteps.Limit}");
            starts[i] = (int)values[i];
        }

        // The last bucket is as long as the one before it.
        return (starts, starts[^1] + (buckets > 1 ? starts[^1] - starts[^2] : UsualTimesteps));
    }

    private (int Rows, int Columns) MatrixOf(SafeTensorsEntry entry, string expected)
    {
        if (entry.Shape.Rank != 2 || !entry.ElementType.IsWeight())
            throw Error(entry, $"is {entry.ElementType.Name()} {entry.Shape}, expected floating-point {expected}");
        long rows = entry.Shape.Dimensions[0];
        long columns = entry.Shape.Dimensions[1];
        if (rows > RecordIndex.RowLimit || columns is 0 or > RecordIndex.FeatureLimit)
            throw Error(entry, $"is {entry.Shape}, expected at most {RecordIndex.RowLimit} rows of 1..{RecordIndex.FeatureLimit} values");
        return ((int)rows, (int)columns);
    }

    private double[] ReadVector(SafeTensorsEntry entry, string expected)
    {
        bool isNumber = entry.ElementType.IsWeight() || entry.ElementType is >= ElementType.I8 and <= ElementType.U64;
        if (entry.Shape.Rank != 1 || !isNumber)
            throw Error(entry, $"is {entry.ElementType.Name()} {entry.Shape}, expected integers or floating-point numbers {expected}");
        if (entry.Shape.ElementCount > RecordIndex.RowLimit)
            throw Error(entry, $"is {entry.Shape}, expected at most {RecordIndex.RowLimit} values");
        return Timesteps.Decode(entry.ElementType, ReadBytes(entry));
    }

    private float[] ReadFloats(SafeTensorsEntry entry)
    {
        byte[] bytes = ReadBytes(entry);
        float[] values = new float[entry.Shape.ElementCount];
        FloatConversion.ToSingle(ElementTypeFormats.FormatOf(entry.ElementType), bytes, values);
        return values;
    }

    private byte[] ReadBytes(SafeTensorsEntry entry)
    {
        // The header was checked against the file's length, so that this much is really there.
        if (entry.End - entry.Begin > Array.MaxLength)
            throw Error(entry, $"has {entry.End - entry.Begin} bytes, expected at most {Array.MaxLength}");
        byte[] bytes = new byte[entry.End - entry.Begin];
        _file.Read(entry, 0, bytes);
        return bytes;
    }

    private CalibrationException Error(SafeTensorsEntry entry, string what) =>
        CalibrationFailure.Error(_file.Path, what, $"tensor {entry.Name}");
}
