using System.Text.Json;

namespace ArrowQuant.TestKit;

/// <summary>
/// Decodes a published artefact from its documented format alone, with DuckDB as the Parquet reader and none of the library's code: the
/// independent reader of the acceptance tests. What it does not know it refuses by name.
/// </summary>
public static class ArtefactDecoder
{
    private static readonly Dictionary<string, string> TypesByName = new(StringComparer.Ordinal)
    {
        ["float64"] = "F64",
        ["float32"] = "F32",
        ["float16"] = "F16",
        ["bfloat16"] = "BF16",
        ["float8_e4m3"] = "F8_E4M3",
        ["float8_e5m2"] = "F8_E5M2",
        ["int64"] = "I64",
        ["uint64"] = "U64",
        ["int32"] = "I32",
        ["uint32"] = "U32",
        ["int16"] = "I16",
        ["uint16"] = "U16",
        ["int8"] = "I8",
        ["uint8"] = "U8",
        ["bool"] = "BOOL",
    };

    private static readonly string[] KnownMethods = ["none", "base", "per_channel", "r2q", "gptq"];

    /// <summary>Every tensor of the artefact, decoded, in the source's shape and order of elements.</summary>
    /// <exception cref="InvalidDataException">The artefact contradicts its format, or uses something that is not known here.</exception>
    public static Dictionary<string, (long[] Shape, float[] Values)> Decode(string folder)
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = new(StringComparer.Ordinal);
        foreach (IGrouping<string, ArtefactRow> layer in ReadRows(folder).GroupBy(row => row.LayerName, StringComparer.Ordinal))
            tensors.Add(layer.Key, DecodeLayer([.. layer]));
        return tensors;
    }

    /// <summary>The rows of all shards that metadata.json lists, in the order of that list.</summary>
    /// <exception cref="InvalidDataException">A shard is not complete.</exception>
    public static List<ArtefactRow> ReadRows(string folder)
    {
        using JsonDocument metadata = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "metadata.json")));
        List<ArtefactRow> rows = [];
        foreach (JsonElement shard in metadata.RootElement.GetProperty("shards").EnumerateArray())
        {
            string path = shard.GetProperty("path").GetString()!;
            string component = path[..(path.LastIndexOf('/') + 1)];
            foreach (ArtefactRow row in ArtefactRows.Read(Path.Combine(folder, path)))
            {
                bool isFull = row.LayerName.StartsWith(component, StringComparison.Ordinal);
                rows.Add(isFull ? row : row with { LayerName = component + row.LayerName });
            }
        }

        return rows;
    }

    /// <summary>Joins the blocks of one layer, decodes them and brings them into the source's order.</summary>
    /// <exception cref="InvalidDataException">Blocks leave a gap or overlap, sizes disagree, or something is not known here.</exception>
    public static (long[] Shape, float[] Values) DecodeLayer(IReadOnlyList<ArtefactRow> blocks)
    {
        ArtefactRow first = blocks[0];
        long count = first.Shape.Aggregate(1L, (product, size) => product * size);
        long rows = first.Shape.Length < 2 ? 1 : first.Shape[first.RowAxis];
        int columns = rows == 0 ? 0 : checked((int)(count / rows));
        float[] matrix = new float[count];
        long next = 0;
        foreach (ArtefactRow block in blocks.OrderBy(block => block.RowStart))
        {
            if (!block.Shape.AsSpan().SequenceEqual(first.Shape) || block.RowAxis != first.RowAxis)
                throw Wrong(block, "its blocks disagree about the shape");
            if (block.RowStart != next) throw Wrong(block, $"a block begins at row {block.RowStart}, expected {next}");
            next += block.RowCount;
            if (next > rows) throw Wrong(block, $"its blocks have more than {rows} rows");
            DecodeBlock(block, columns, matrix.AsSpan(checked((int)(block.RowStart * columns)), checked((int)(block.RowCount * columns))));
        }

        if (next != rows) throw Wrong(first, $"its blocks have {next} of {rows} rows");
        return (first.Shape, first.RowAxis == 0 ? matrix : RowsToSecondDimension(matrix, first.Shape));
    }

    private static void DecodeBlock(ArtefactRow block, int columns, Span<float> target)
    {
        if (!KnownMethods.Contains(block.Method)) throw Wrong(block, $"method {block.Method} is not known");
        int bits = block.QuantType switch
        {
            "none" => 0,
            "int2" => 2,
            "int4" => 4,
            "int8" => 8,
            _ => throw Wrong(block, $"quant_type {block.QuantType} is not known"),
        };
        if (bits == 0)
        {
            if (block.Transform != "none") throw Wrong(block, $"transform {block.Transform} of a kept tensor is not known");
            DecodeKept(block, target);
            return;
        }

        int rowBytes = ((columns * bits) + 7) / 8;
        if (block.Data.Length != block.RowCount * rowBytes)
            throw Wrong(block, $"has {block.Data.Length} bytes of codes, expected {block.RowCount} rows of {rowBytes}");
        int groupSize = GroupSizeOf(block, columns);
        int groupsPerRow = (columns + groupSize - 1) / groupSize;
        CheckGroupValues(block, bits, block.RowCount * groupsPerRow);
        var trellis = TrellisCodes.Knows(block.Layout) ? new TrellisCodes(block.Layout, columns) : null;
        for (int row = 0; row < block.RowCount; row++)
        {
            ReadOnlySpan<byte> packed = block.Data.AsSpan(row * rowBytes, rowBytes);
            for (int column = 0; column < columns; column++)
            {
                int bit = column * bits;
                int code = (packed[bit / 8] >> (bit % 8)) & ((1 << bits) - 1);
                int group = (row * groupsPerRow) + (column / groupSize);
                target[(row * columns) + column] = trellis is null
                    ? Value(block, code, group)
                    : trellis.Next(row, column, code) * block.Scales[group];
            }

            Span<float> values = target.Slice(row * columns, columns);
            if (!BlockRotation.TryUndo(block.Transform, values, groupSize)) throw Wrong(block, $"transform {block.Transform} is not known");
            for (int column = 0; column < columns; column++) values[column] *= EqualizationOf(block, column, columns);
        }
    }

    private static void DecodeKept(ArtefactRow block, Span<float> target)
    {
        if (block.Layout != "none") throw Wrong(block, $"is kept, but its layout is {block.Layout}");
        if (!TypesByName.TryGetValue(block.Dtype, out string? type)) throw Wrong(block, $"dtype {block.Dtype} is not known");
        float[] values = ElementCodec.Decode(type, block.Data);
        if (values.Length != target.Length) throw Wrong(block, $"has {values.Length} values, expected {target.Length}");
        values.CopyTo(target);
    }

    private static int GroupSizeOf(ArtefactRow block, int columns)
    {
        if (block.GroupSize is { } size && block.QuantAxis is null && size > 0) return (int)Math.Min(size, columns);
        if (block.GroupSize is null && block.QuantAxis == 0) return columns;
        throw Wrong(block,
            $"group_size {block.GroupSize?.ToString() ?? "null"} with quant_axis {block.QuantAxis?.ToString() ?? "null"} is not known");
    }

    private static void CheckGroupValues(ArtefactRow block, int bits, long groups)
    {
        int levelsPerGroup = block.Layout switch
        {
            "affine" => 0,
            "trellis4" or "trellis6" when bits == 2 => 0,
            "lattice2" when bits == 2 => 2,
            "lattice3" when bits == 2 => 3,
            _ => throw Wrong(block, $"layout {block.Layout} at {bits} bits is not known"),
        };
        long affine = block.Layout == "affine" ? groups : 0;
        long scales = levelsPerGroup == 0 ? groups : 0;
        if (block.Scales.Length != scales || block.ZeroPoints.Length != affine || block.Levels.Length != groups * levelsPerGroup)
        {
            string found = $"{block.Scales.Length} scales, {block.ZeroPoints.Length} zero points, {block.Levels.Length} levels";
            throw Wrong(block, $"{groups} groups of {block.Layout} with {found}");
        }
    }

    private static float Value(ArtefactRow block, int code, int group)
    {
        if (block.Layout == "affine") return (code - block.ZeroPoints[group]) * block.Scales[group];
        bool offset = block.Layout == "lattice3";
        ReadOnlySpan<float> levels = offset ? block.Levels.AsSpan(3 * group, 3) : block.Levels.AsSpan(2 * group, 2);
        float value = offset ? levels[0] : 0f;
        value += (code & 2) != 0 ? levels[^2] : -levels[^2];
        return value + ((code & 1) != 0 ? levels[^1] : -levels[^1]);
    }

    private static float EqualizationOf(ArtefactRow block, int column, int columns)
    {
        int channels = block.EqualizationScales.Length;
        if (channels == 0) return 1f;
        if (columns % channels != 0) throw Wrong(block, $"{channels} equalization scales do not divide {columns} columns");
        return block.EqualizationScales[column / (columns / channels)];
    }

    // [b, a, rest] stored to [a, b, rest] as in the source
    private static float[] RowsToSecondDimension(float[] stored, long[] shape)
    {
        (int a, int b) = ((int)shape[0], (int)shape[1]);
        int rest = a == 0 || b == 0 ? 0 : stored.Length / a / b;
        float[] values = new float[stored.Length];
        for (int i = 0; i < a; i++)
        {
            for (int j = 0; j < b; j++) stored.AsSpan(((j * a) + i) * rest, rest).CopyTo(values.AsSpan(((i * b) + j) * rest));
        }

        return values;
    }

    private static InvalidDataException Wrong(ArtefactRow block, string what) => new($"{block.LayerName}: {what}");
}
