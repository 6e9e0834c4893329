using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Parquet;

/// <summary>What the rows of the first Python writer mean: V1 and V2.</summary>
internal static class PythonRowRules
{
    /// <summary>A row of V1: raw values of the type that <c>dtype</c> names.</summary>
    /// <exception cref="ModelFormatException">The type is not known.</exception>
    public static StoredTensor V1(ModelRow row) =>
        ElementTypes.TryParse(row.DType, out ElementType type) ? RowRules.Plain(row, type)
        : throw RowRules.Error(
            row, $"says dtype '{row.DType}' for tensor '{row.Name}', expected one like torch.float32, torch.float16, float16");

    /// <summary>
    /// A row of V2: what it holds is told by <c>quant_type</c> alone, since fp16 rows keep the dtype of their weights.
    /// </summary>
    /// <exception cref="ModelFormatException">The row contradicts itself.</exception>
    public static StoredTensor V2(ModelRow row, List<string> notes)
    {
        long count = row.Shape.ElementCount;
        return row.QuantType switch
        {
            "fp32" => RowRules.Plain(row, ElementType.F32),
            "fp16" => RowRules.Plain(row, ElementType.F16),
            "int8" => RowRules.Quantized(row, StoredEncoding.SignedBytes, count, RunLength(row), notes),
            "int2" => RowRules.Quantized(row, StoredEncoding.PackedInt2, (count / 4) + (count % 4 == 0 ? 0 : 1), RunLength(row), notes),
            _ => throw RowRules.Error(row, $"says quant_type '{row.QuantType}' for tensor '{row.Name}', expected int8, int2, fp16 or fp32"),
        };
    }

    private static long RunLength(ModelRow row)
    {
        long count = row.Shape.ElementCount;
        long axis = row.QuantAxis ?? -1;
        long groupSize = row.GroupSize ?? 0;
        if (axis is not (-1 or 0))
            throw RowRules.Error(row, $"says quant_axis {axis} for tensor '{row.Name}', expected -1 (tensor) or 0 (channel or group)");
        if (groupSize < 0)
            throw RowRules.Error(row, $"says group_size {groupSize} for tensor '{row.Name}', expected 0 (none) or more");
        (long run, string unit) =
            groupSize > 0 ? (groupSize, $"groups of {groupSize} elements")
            : axis == 0 ? (RowRules.RowLength(row.Shape), "channels")
            : (count, "whole tensor");
        run = Math.Max(run, 1);
        long expected = count == 0 ? row.Scales.Length : (count / run) + (count % run == 0 ? 0 : 1);
        if (row.Scales.Length == expected) return run;
        throw RowRules.Error(
            row, $"has {row.Scales.Length} scales for tensor '{row.Name}' of shape {row.Shape}, expected {expected} ({unit})");
    }
}
