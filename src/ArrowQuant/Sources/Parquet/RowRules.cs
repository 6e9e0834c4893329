using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Parquet;

/// <summary>What the rules of all layouts share.</summary>
internal static class RowRules
{
    /// <summary>A tensor of plain values in the row's own data.</summary>
    public static StoredTensor Plain(ModelRow row, ElementType type)
    {
        long count = row.Shape.ElementCount;
        long bytes = type.ByteLength(count)
            ?? throw Error(row, $"says dtype '{row.DType}' for tensor '{row.Name}' of {count} elements, which do not fill whole bytes");
        return new StoredTensor
        {
            Info = Info(row, type, bytes),
            Address = row.Address,
            StoredLength = bytes,
            Expectation = $"{bytes} ({count} {type.Name()} values)",
        };
    }

    /// <summary>A tensor of codes that reading decodes to float32.</summary>
    /// <param name="row">The row.</param>
    /// <param name="encoding">How its bytes hold codes.</param>
    /// <param name="storedLength">How many bytes that takes.</param>
    /// <param name="runLength">Consecutive elements that share a scale, 1 or more.</param>
    /// <param name="notes">Told of groups whose values the writer lost.</param>
    public static StoredTensor Quantized(ModelRow row, StoredEncoding encoding, long storedLength, long runLength, List<string> notes)
    {
        long count = row.Shape.ElementCount;
        float[] scales = [.. row.Scales];
        float[] zeroPoints = [.. row.ZeroPoints];
        long used = Math.Min(scales.Length, (count / runLength) + (count % runLength == 0 ? 0 : 1));
        int lost = 0;
        for (int g = 0; g < used; g++)
        {
            if (!float.IsFinite(scales[g]))
                throw Error(row, $"has the scale {scales[g]} in group {g} of tensor '{row.Name}', expected a finite number");
            if (scales[g] != 0f && float.IsFinite(zeroPoints[g])) continue;
            // The older writers divide by the range of a block: a constant block got scale 0 and zero point NaN, its value is gone.
            (scales[g], zeroPoints[g]) = (0f, 0f);
            lost++;
        }

        if (lost > 0)
        {
            notes.Add($"tensor '{row.Name}': {lost} of {used} groups lost their values when they were quantized "
                + "(scale 0 or no zero point); they read as 0");
        }

        return new StoredTensor
        {
            Info = Info(row, ElementType.F32, count * sizeof(float)) with
            {
                AlreadyQuantized = $"{row.QuantType} rows of {row.Layout.Title()}",
            },
            Address = row.Address,
            Encoding = encoding,
            StoredLength = storedLength,
            Expectation = $"{storedLength} ({count} {row.QuantType} codes)",
            RunLength = runLength,
            Scales = scales,
            ZeroPoints = zeroPoints,
        };
    }

    /// <summary>Elements in one row of the tensor: the product of all dimensions but the first; 1-D tensors count as (n, 1).</summary>
    public static long RowLength(TensorShape shape)
    {
        long length = 1;
        for (int i = 1; i < shape.Rank; i++) length *= shape.Dimensions[i];
        return length;
    }

    /// <summary>An error about a row.</summary>
    public static ModelFormatException Error(ModelRow row, string message) =>
        ParquetFailure.Error(row.Address.FilePath, message, row.Name);

    private static TensorInfo Info(ModelRow row, ElementType type, long bytes) => new()
    {
        Name = row.Name,
        Shape = row.Shape,
        ElementType = type,
        ByteLength = bytes,
        FilePath = row.Address.FilePath,
    };
}
