using System.Text.Json;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Parquet;

/// <summary>
/// What the rows of the first Rust writer mean: V2 and V2 Extended. Its values are float32 whatever was done to them; how many bytes a row
/// holds decides what they are, not the <c>quant_type</c> alone.
/// </summary>
internal static class RustRowRules
{
    // Below this size page headers could be mistaken for values, so small chunks are measured by reading them.
    private const long CertainChunkBytes = 64 * 1024;

    /// <summary>Tells what the row holds.</summary>
    /// <param name="row">The row.</param>
    /// <param name="measure">Finds the length of the row's data by reading it; asked only when the footer does not tell.</param>
    /// <param name="notes">Told of oddities.</param>
    /// <exception cref="ModelFormatException">The row contradicts itself, or its weights are lost.</exception>
    public static StoredTensor Read(ModelRow row, Func<RowAddress, long> measure, List<string> notes)
    {
        bool codes = IsInteger(row.QuantType);
        if (!codes && row.QuantType != "none")
            throw RowRules.Error(row, $"says quant_type '{row.QuantType}' for tensor '{row.Name}', expected none, int2, int4 or int8");
        long count = row.Shape.ElementCount;
        StoredTensor plain = RowRules.Plain(row, ElementType.F32);
        long length = DataLength(row, codes, plain.StoredLength, measure);
        if (length == 0 && count > 0) plain = FromBin(row, plain);
        else if (codes && length == count && count > 0)
            return RowRules.Quantized(row, StoredEncoding.UnsignedBytes, count, RunLength(row), notes);
        else if (length != plain.StoredLength)
        {
            string expected = codes ? $"{count} ({row.QuantType} codes) or {plain.Expectation}" : plain.Expectation;
            throw RowRules.Error(row, $"holds {length} bytes of data for tensor '{row.Name}', expected {expected}");
        }

        if (codes && count > 0)
            notes.Add($"tensor '{row.Name}' is marked {row.QuantType} but holds float32 values; they are read as plain weights");
        return plain;
    }

    private static bool IsInteger(string quantType) =>
        quantType.Length > 3 && quantType.StartsWith("int", StringComparison.Ordinal) && quantType.AsSpan(3).ContainsOnlyDigits();

    private static bool ContainsOnlyDigits(this ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    private static long DataLength(ModelRow row, bool codes, long plainBytes, Func<RowAddress, long> measure)
    {
        long chunk = row.DataChunkBytes;
        if (chunk > CertainChunkBytes)
        {
            // Values of 4N bytes cannot hide in less; what is assumed here is checked again when the row is read.
            if (!codes && chunk >= plainBytes) return plainBytes;
            if (codes && chunk >= row.Shape.ElementCount && chunk < plainBytes) return row.Shape.ElementCount;
        }

        return measure(row.Address);
    }

    private static StoredTensor FromBin(ModelRow row, StoredTensor plain)
    {
        string bin = Path.ChangeExtension(row.Address.FilePath, ".bin");
        FileInfo file = new(bin);
        if (!file.Exists)
        {
            throw RowRules.Error(
                row, $"has lost the weights of tensor '{row.Name}': its data are empty and '{bin}' is missing; copy the .bin files too");
        }

        string folder = Path.GetDirectoryName(bin)!;
        ContainedPath.ThrowIfOutside(folder, bin, folder);
        if (file.Length == plain.StoredLength) return plain with { BinPath = bin, Info = plain.Info with { FilePath = bin } };
        throw ParquetFailure.Error(bin, $"has {file.Length} bytes for tensor '{row.Name}', expected {plain.Expectation}", row.Name);
    }

    private static long RunLength(ModelRow row)
    {
        long count = row.Shape.ElementCount;
        int groups = row.Scales.Length;
        if (groups == 1) return count;
        long rows = row.Shape.Rank == 0 ? 1 : row.Shape.Dimensions[0];
        string choices = "1 (whole tensor)";
        if (row.GroupSize is > 0 and long groupSize)
        {
            long expected = (rows / groupSize) + (rows % groupSize == 0 ? 0 : 1);
            if (groups == expected) return (long)Int128.Min(count, (Int128)groupSize * RowRules.RowLength(row.Shape));
            choices += $" or {expected} (groups of {groupSize} rows)";
        }

        if (groups > 0 && IsTimeAware(row.TimeAwareJson)) return (count / groups) + (count % groups == 0 ? 0 : 1);
        throw RowRules.Error(row, $"has {groups} scales for tensor '{row.Name}' of shape {row.Shape}, expected {choices}");
    }

    // Only whether it is enabled matters here: the scales stand in their own column. Numbers that became null are no reason to refuse.
    private static bool IsTimeAware(string? json)
    {
        if (json is null) return false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && !(root.TryGetProperty("enabled", out JsonElement enabled) && enabled.ValueKind == JsonValueKind.False);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
