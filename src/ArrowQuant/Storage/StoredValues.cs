using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>What stored values are allowed to be.</summary>
internal static class StoredValues
{
    /// <summary>Requires that the floats that decode a block are finite, and that zero points at 4 and 8 bits are codes.</summary>
    /// <exception cref="ModelFormatException">One is not.</exception>
    public static void RequireDecodable(StoredLayer layer, StoredBlock block, float[] scales, float[] zeroPoints, float[] levels)
    {
        Require(scales, ArtefactLayout.Scales, "a finite number", float.IsFinite);
        Require(levels, ArtefactLayout.Levels, "a finite number", float.IsFinite);
        int last = (1 << layer.BitWidth) - 1;
        if (layer.BitWidth == 2) Require(zeroPoints, ArtefactLayout.ZeroPoints, "a finite number", float.IsFinite);
        else Require(zeroPoints, ArtefactLayout.ZeroPoints, $"an integer 0..{last}", IsCode);

        bool IsCode(float value) => float.IsInteger(value) && value >= 0 && value <= last;

        void Require(float[] values, string column, string expected, Predicate<float> holds)
        {
            int bad = Array.FindIndex(values, value => !holds(value));
            if (bad < 0) return;
            throw Failures.Format(
                layer.FilePath, layer.FullName, $"block at row {block.RowStart}: {column}[{bad}] is {values[bad]}, expected {expected}");
        }
    }
}
