using System.Buffers.Binary;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;
using ParquetSharp;

namespace ArrowQuant.Sources.Parquet;

/// <summary>Reads the rows of a file, all but their data, and checks each for itself.</summary>
internal sealed class ModelRowReader
{
    /// <summary>More rows than any model has tensors.</summary>
    public const int MaxRows = 1_000_000;

    private const int MaxRank = 64;
    private const int MaxScales = 1 << 24;
    private const long MaxElements = 1L << 48; // no file is that large, and byte counts cannot overflow

    private readonly ParquetFile _file;
    private readonly ParquetLayout _layout;
    private readonly ColumnValues _values;

    private ModelRowReader(ParquetFile file, ParquetLayout layout)
    {
        _file = file;
        _layout = layout;
        _values = new ColumnValues(file);
    }

    /// <summary>Reads every row of the file.</summary>
    /// <exception cref="ModelFormatException">A column has a wrong type, or a row contradicts itself.</exception>
    public static List<ModelRow> ReadAll(ParquetFile file, ParquetLayout layout) => ParquetFailure.Map(file.Path, null, () =>
    {
        ColumnDescriptor data = file.Descriptor("data");
        bool isList = file.IsList("data");
        if (data.PhysicalType != PhysicalType.ByteArray || isList)
            throw file.Error($"has a column 'data' of {(isList ? "lists of " : "")}{data.PhysicalType}, expected single ByteArray values");
        ModelRowReader reader = new(file, layout);
        List<ModelRow> rows = [];
        for (int group = 0; group < file.RowGroupCount; group++) reader.ReadGroup(group, rows);
        return rows.Count > 0 ? rows : throw file.Error("holds no rows, expected one per tensor");
    });

    private void ReadGroup(int group, List<ModelRow> rows)
    {
        (long rowCount, long dataBytes) = Measure(group);
        if (rowCount < 0 || rowCount > MaxRows - rows.Count)
            throw _file.Error($"says that row group {group} has {rowCount} rows, expected at most {MaxRows} in all (one per tensor)");
        List<string?> names = _values.Texts(group, "layer_name");
        List<List<long>> shapes = _values.IntegerLists(group, "shape", MaxRank);
        List<string?> dtypes = _values.Texts(group, "dtype");
        List<long?> counts = _values.Integers(group, "num_params");
        CheckCount(names.Count, rowCount, "layer_name");
        CheckCount(shapes.Count, rowCount, "shape");
        CheckCount(dtypes.Count, rowCount, "dtype");
        CheckCount(counts.Count, rowCount, "num_params");
        QuantColumns? quant = _layout == ParquetLayout.V1 ? null : ReadQuantColumns(group, rowCount);
        DiffusionColumns? diffusion = _layout == ParquetLayout.V2Extended ? ReadDiffusionColumns(group, rowCount) : null;
        for (int i = 0; i < rowCount; i++)
        {
            string name = names[i] ?? throw _file.Error($"has no layer_name in row {rows.Count}");
            ModelRow row = new()
            {
                Address = new RowAddress(_file.Path, group, i),
                Layout = _layout,
                Name = name,
                Shape = ShapeOf(name, shapes[i], counts[i]),
                DType = dtypes[i] ?? throw _file.Error($"has no dtype for tensor '{name}'", name),
                DataChunkBytes = dataBytes,
            };
            if (quant is not null)
            {
                row = row with
                {
                    QuantType = quant.Types[i] ?? throw _file.Error($"has no quant_type for tensor '{name}'", name),
                    Scales = quant.Scales(name, i),
                    ZeroPoints = quant.ZeroPoints(name, i),
                    QuantAxis = quant.Axes[i],
                    GroupSize = quant.GroupSizes[i],
                };
                if (row.Scales.Length != row.ZeroPoints.Length)
                    throw _file.Error($"has {row.Scales.Length} scales but {row.ZeroPoints.Length} zero points for tensor '{name}'", name);
            }

            if (diffusion is not null)
            {
                row = row with
                {
                    IsDiffusionModel = diffusion.IsDiffusionModel[i],
                    Modality = diffusion.Modalities?[i],
                    TimeAwareJson = diffusion.TimeAware?[i],
                };
            }

            rows.Add(row);
        }
    }

    private (long Rows, long DataBytes) Measure(int group)
    {
        using RowGroupReader reader = _file.RowGroup(group);
        RowGroupMetaData metaData = reader.MetaData;
        using ColumnChunkMetaData data = metaData.GetColumnChunkMetaData(_file.IndexOf("data"));
        return (metaData.NumRows, data.TotalUncompressedSize);
    }

    private QuantColumns ReadQuantColumns(int group, long rowCount)
    {
        List<string?> types = _values.Texts(group, "quant_type");
        List<long?> axes = _values.Integers(group, "quant_axis");
        List<long?> groupSizes = _values.Integers(group, "group_size");
        CheckCount(types.Count, rowCount, "quant_type");
        CheckCount(axes.Count, rowCount, "quant_axis");
        CheckCount(groupSizes.Count, rowCount, "group_size");
        return new QuantColumns(types, axes, groupSizes, Floats(group, rowCount, "scales"), Floats(group, rowCount, "zero_points"));
    }

    private DiffusionColumns ReadDiffusionColumns(int group, long rowCount)
    {
        List<bool> flags = _values.Booleans(group, "is_diffusion_model");
        CheckCount(flags.Count, rowCount, "is_diffusion_model");
        return new DiffusionColumns(
            flags, OptionalTexts(group, rowCount, "modality"), OptionalTexts(group, rowCount, "time_aware_quant_json"));
    }

    private List<string?>? OptionalTexts(int group, long rowCount, string column)
    {
        if (!_file.Has(column)) return null;
        List<string?> texts = _values.Texts(group, column);
        CheckCount(texts.Count, rowCount, column);
        return texts;
    }

    // The Rust writer stores lists of floats, the Python writer the bytes of a float array.
    private Func<string, int, float[]> Floats(int group, long rowCount, string column)
    {
        if (_layout != ParquetLayout.V2Python)
        {
            List<List<float>> lists = _values.FloatLists(group, column, MaxScales);
            CheckCount(lists.Count, rowCount, column);
            return (_, row) => [.. lists[row]];
        }

        List<byte[]> binaries = _values.Binaries(group, column);
        CheckCount(binaries.Count, rowCount, column);
        return (name, row) => FromBytes(name, column, binaries[row]);
    }

    private float[] FromBytes(string name, string column, byte[] bytes)
    {
        if (bytes.Length % sizeof(float) != 0)
            throw _file.Error($"has {bytes.Length} bytes of {column} for tensor '{name}', expected float32 values (a multiple of 4)", name);
        float[] values = new float[bytes.Length / sizeof(float)];
        for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
        return values;
    }

    private TensorShape ShapeOf(string name, List<long> dimensions, long? count)
    {
        string text = $"[{string.Join(", ", dimensions)}]";
        if (dimensions.Exists(dimension => dimension < 0))
            throw _file.Error($"gives tensor '{name}' the shape {text}, expected dimensions of 0 or more", name);
        UInt128 elements = 1;
        foreach (long dimension in dimensions)
        {
            if (dimension > 0) elements *= (UInt128)dimension;
            if (elements > MaxElements)
                throw _file.Error($"gives tensor '{name}' the shape {text}, expected at most 2^48 elements", name);
        }

        TensorShape shape = new([.. dimensions]);
        if (count != shape.ElementCount)
        {
            string found = count?.ToString() ?? "null";
            throw _file.Error($"says num_params {found} for tensor '{name}' of shape {text}, expected {shape.ElementCount}", name);
        }

        return shape;
    }

    private void CheckCount(int found, long expected, string column)
    {
        if (found != expected) throw _file.Error($"is damaged: column '{column}' holds {found} rows, expected {expected}");
    }

    private sealed record QuantColumns(
        List<string?> Types, List<long?> Axes, List<long?> GroupSizes,
        Func<string, int, float[]> Scales, Func<string, int, float[]> ZeroPoints);

    private sealed record DiffusionColumns(List<bool> IsDiffusionModel, List<string?>? Modalities, List<string?>? TimeAware);
}
