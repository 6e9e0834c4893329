using ArrowQuant.Methods;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>Predicts stored bytes before compression, from the shape alone.</summary>
/// <param name="GroupSize">Weights per group.</param>
internal sealed record QuantizedSize(int GroupSize)
{
    /// <summary>Bytes of codes and group values. At 2 bits the largest lattice is counted, so the figure is an upper bound.</summary>
    public long Of(MatrixView view, int bitWidth)
    {
        if (view.Rows == 0 || view.Columns == 0) return 0;
        long groups = (view.Columns + GroupSize - 1) / GroupSize;
        long perGroup = sizeof(float) * (bitWidth == 2 ? 3 : 2);
        return view.Rows * ((view.Columns * bitWidth + 7) / 8 + groups * perGroup);
    }

    /// <summary>Bytes of a layer as it was quantized.</summary>
    public static long Of(MatrixView view, QuantizedFormat format)
    {
        long perGroup = sizeof(float) * (format.ScalesPerGroup + format.ZeroPointsPerGroup + format.LevelsPerGroup);
        long equalization = (format.EqualizationScales?.Length ?? 0) * (long)sizeof(float);
        return view.Rows * (format.Groups.RowBytes(format.BitWidth) + format.Groups.GroupsPerRow * perGroup) + equalization;
    }
}
