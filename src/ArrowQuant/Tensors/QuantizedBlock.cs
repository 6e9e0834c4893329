namespace ArrowQuant.Tensors;

/// <summary>
/// Consecutive rows of one quantized layer: packed codes and the floats that decode them. Arrays are sized exactly; group values are
/// row-major [rows, groups per row].
/// </summary>
public sealed class QuantizedBlock
{
    /// <summary>
    /// Allocates a block of <paramref name="rowCount"/> rows that begins at row <paramref name="rowStart"/> of its layer.
    /// </summary>
    public QuantizedBlock(QuantizedFormat format, long rowStart, int rowCount)
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentOutOfRangeException.ThrowIfNegative(rowStart);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        Format = format;
        RowStart = rowStart;
        RowCount = rowCount;
        int groups = checked(rowCount * format.Groups.GroupsPerRow);
        Codes = new byte[checked(rowCount * format.Groups.RowBytes(format.BitWidth))];
        Scales = new float[groups * format.ScalesPerGroup];
        ZeroPoints = new float[groups * format.ZeroPointsPerGroup];
        Levels = new float[checked(groups * format.LevelsPerGroup)];
    }

    /// <summary>A block in the arrays of another one of the same size, which is not used any more; they hold what they held.</summary>
    internal QuantizedBlock(QuantizedFormat format, long rowStart, int rowCount, QuantizedBlock spent)
    {
        Format = format;
        RowStart = rowStart;
        RowCount = rowCount;
        Codes = spent.Codes;
        Scales = spent.Scales;
        ZeroPoints = spent.ZeroPoints;
        Levels = spent.Levels;
    }

    /// <summary>How to read the codes.</summary>
    public QuantizedFormat Format { get; }

    /// <summary>The first row of the block in its layer.</summary>
    public long RowStart { get; }

    /// <summary>Rows in the block.</summary>
    public int RowCount { get; }

    /// <summary>Packed codes, [rows, row bytes].</summary>
    public byte[] Codes { get; }

    /// <summary>Affine: one scale per group; trellises: one gain per group; otherwise empty.</summary>
    public float[] Scales { get; }

    /// <summary>Affine: one zero point per group, in code units; otherwise empty.</summary>
    public float[] ZeroPoints { get; }

    /// <summary>Lattices: a1, a2 or mu, a1, a2 per group; otherwise empty.</summary>
    public float[] Levels { get; }
}
