using System.Globalization;
using System.Text.Json;
using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>Spells a layer out as a row of columns, and understands such a row again, refusing what it does not know.</summary>
internal static class StoredRowCodec
{
    private const int MaxRank = 64;

    public static StoredRow ToRow(LayerHeader header, long rowStart, long rowCount, UInt128 sourceHash) => new()
    {
        LayerName = header.LayerName,
        Shape = [.. header.Shape.Dimensions],
        Dtype = header.SourceType.Name(),
        NumParams = header.Shape.ElementCount,
        QuantType = QuantType(header.Format),
        Layout = LayoutText(header.Format?.Layout ?? CodeLayout.None),
        QuantAxis = header.Format is { PerChannel: true } ? 0 : null,
        GroupSize = header.Format is { PerChannel: false } groups ? groups.Groups.GroupSize : null,
        RowAxis = header.RowAxis,
        IsDiffusionModel = header.IsDiffusionModel,
        Modality = header.Modality,
        TimeAwareJson = header.TimeAwareJson,
        SpatialJson = header.SpatialJson,
        ActivationStatsJson = header.ActivationStatsJson,
        BitWidth = header.BitWidth,
        Method = header.Method,
        Enhancement = header.Enhancement,
        Transform = header.Transform,
        Correction = header.Correction,
        RowStart = rowStart,
        RowCount = rowCount,
        SourceXxh128 = HashText(sourceHash),
    };

    /// <exception cref="InvalidDataException">The row contradicts itself or names something unknown.</exception>
    public static LayerHeader ToHeader(StoredRow row)
    {
        TensorShape shape = ParseShape(row);
        if (!ElementTypes.TryParse(row.Dtype, out ElementType type)) throw Unknown(ArtefactLayout.Dtype, row.Dtype, []);
        if (row.NumParams != shape.ElementCount)
            throw new InvalidDataException($"num_params is {row.NumParams}, shape {shape} has {shape.ElementCount}");
        if (row.RowAxis < 0 || row.RowAxis > (shape.Rank >= 2 ? 1 : 0))
            throw new InvalidDataException($"row_axis is {row.RowAxis}, not a row dimension of shape {shape}");
        RequireKnown(ArtefactLayout.Method, row.Method, ArtefactLayout.Methods);
        RequireKnown(ArtefactLayout.Enhancement, row.Enhancement, ArtefactLayout.Enhancements);
        RequireKnown(ArtefactLayout.Correction, row.Correction, ArtefactLayout.Corrections);
        QuantizedFormat? format = ParseFormat(row, MatrixView.Of(shape, (int)row.RowAxis));
        LayerHeader header = new()
        {
            LayerName = row.LayerName,
            Shape = shape,
            SourceType = type,
            RowAxis = (int)row.RowAxis,
            Format = format,
            Method = row.Method,
            Enhancement = row.Enhancement,
            TimeAwareJson = row.TimeAwareJson,
            SpatialJson = row.SpatialJson,
            ActivationStatsJson = row.ActivationStatsJson,
            Correction = row.Correction,
            IsDiffusionModel = row.IsDiffusionModel,
            Modality = row.Modality,
        };
        Check(header, row);
        return header;
    }

    /// <summary>The hash as 32 lower-case hexadecimal digits, most significant first.</summary>
    public static string HashText(UInt128 hash) => hash.ToString("x32", CultureInfo.InvariantCulture);

    /// <exception cref="InvalidDataException">The text is not 32 hexadecimal digits.</exception>
    public static UInt128 ParseHash(string text) =>
        text.Length == 32 && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 hash)
            ? hash
            : throw new InvalidDataException($"source_xxh128 is '{text}', not 32 hexadecimal digits");

    public static string QuantType(QuantizedFormat? format) => format is null ? ArtefactLayout.None : $"int{format.BitWidth}";

    public static string LayoutText(CodeLayout layout) => layout switch
    {
        CodeLayout.Affine => "affine",
        CodeLayout.Lattice2 => "lattice2",
        CodeLayout.Lattice3 => "lattice3",
        CodeLayout.Trellis4 => "trellis4",
        CodeLayout.Trellis6 => "trellis6",
        _ => ArtefactLayout.None,
    };

    /// <summary>The factors that decoding multiplies with, or null; they must fit <paramref name="columns"/>.</summary>
    /// <exception cref="InvalidDataException">The document is broken or its factors cannot be used.</exception>
    public static float[]? EqualizationScales(string? spatialJson, long columns)
    {
        if (spatialJson is null) return null;
        SpatialQuant spatial;
        try
        {
            spatial = SpatialQuant.Parse(spatialJson);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"spatial_quant_json is not understood: {e.Message}", e);
        }

        float[] scales = spatial.EqualizationScales;
        if (spatial.ChannelEqualization != scales.Length > 0)
        {
            string stated = spatial.ChannelEqualization ? "true" : "false";
            throw new InvalidDataException($"spatial_quant_json has channel_equalization {stated} with {scales.Length} scales");
        }

        if (scales.Length == 0) return null;
        if (columns % scales.Length != 0)
            throw new InvalidDataException($"spatial_quant_json has {scales.Length} equalization scales for {columns} columns");
        int bad = Array.FindIndex(scales, scale => !float.IsFinite(scale));
        return bad < 0 ? scales : throw new InvalidDataException($"equalization scale {bad} is {scales[bad]}, not a finite number");
    }

    private static TensorShape ParseShape(StoredRow row)
    {
        if (row.Shape.Length > MaxRank) throw new InvalidDataException($"shape has {row.Shape.Length} dimensions, more than {MaxRank}");
        try
        {
            return new TensorShape(row.Shape);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException($"shape [{string.Join(", ", row.Shape)}] is impossible", e);
        }
    }

    private static QuantizedFormat? ParseFormat(StoredRow row, MatrixView view)
    {
        int? bits = row.QuantType switch
        {
            ArtefactLayout.None => null,
            "int2" => 2,
            "int4" => 4,
            "int8" => 8,
            _ => throw Unknown(ArtefactLayout.QuantType, row.QuantType, [ArtefactLayout.None, "int2", "int4", "int8"]),
        };
        CodeLayout layout = row.Layout switch
        {
            ArtefactLayout.None => CodeLayout.None,
            "affine" => CodeLayout.Affine,
            "lattice2" => CodeLayout.Lattice2,
            "lattice3" => CodeLayout.Lattice3,
            "trellis4" => CodeLayout.Trellis4,
            "trellis6" => CodeLayout.Trellis6,
            _ => throw Unknown(
                ArtefactLayout.Layout, row.Layout, [ArtefactLayout.None, "affine", "lattice2", "lattice3", "trellis4", "trellis6"]),
        };
        bool fits = bits is null ? layout == CodeLayout.None : layout == CodeLayout.Affine || (bits == 2 && layout != CodeLayout.None);
        if (!fits) throw new InvalidDataException($"layout {row.Layout} does not exist with quant_type {row.QuantType}");
        if (bits is not { } width)
        {
            if (TransformText.Parse(row.Transform, default) is not null)
                throw new InvalidDataException($"has transform {row.Transform} although it is kept");
            return null;
        }

        if (view.Columns is 0 or > int.MaxValue) throw new InvalidDataException($"rows of {view.Columns} columns cannot be quantized");
        GroupLayout groups = ParseGroups(row, (int)view.Columns);
        return new QuantizedFormat
        {
            BitWidth = width,
            Layout = layout,
            Groups = groups,
            Rotation = TransformText.Parse(row.Transform, groups),
            PerChannel = row.QuantAxis is not null,
            EqualizationScales = EqualizationScales(row.SpatialJson, view.Columns),
        };
    }

    private static GroupLayout ParseGroups(StoredRow row, int columns) => (row.QuantAxis, row.GroupSize) switch
    {
        (0, null) => new GroupLayout(columns, columns),
        (null, { } size) when size is >= 1 and <= int.MaxValue / 2 => new GroupLayout(columns, (int)size),
        (null, { } size) => throw new InvalidDataException($"group_size is {size}, expected 1..{int.MaxValue / 2}"),
        (null, null) => throw new InvalidDataException("has neither group_size nor quant_axis"),
        ({ } axis, null) => throw new InvalidDataException($"quant_axis is {axis}, expected 0"),
        ({ } axis, { } size) => throw new InvalidDataException($"has both quant_axis {axis} and group_size {size}"),
    };

    private static void Check(LayerHeader header, StoredRow row)
    {
        if (row.BitWidth != header.BitWidth)
            throw new InvalidDataException($"bit_width is {row.BitWidth}, quant_type {row.QuantType} of {row.Dtype} has {header.BitWidth}");
        if (header.Format is null == (row.Method != ArtefactLayout.None))
            throw new InvalidDataException($"method {row.Method} does not go with quant_type {row.QuantType}");
        if (header.Format is not null) return;
        if (row.RowAxis != 0) throw new InvalidDataException($"row_axis is {row.RowAxis}, expected 0 for a kept tensor");
        if (row.QuantAxis is not null || row.GroupSize is not null)
            throw new InvalidDataException("has quant_axis or group_size although it is kept");
    }

    private static void RequireKnown(string column, string value, IReadOnlyList<string> known)
    {
        if (!known.Contains(value)) throw Unknown(column, value, known);
    }

    private static InvalidDataException Unknown(string column, string value, IReadOnlyList<string> known) =>
        new($"{column} '{value}' is not known" + (known.Count > 0 ? $" (known: {string.Join(", ", known)})" : ""));
}
