namespace ArrowQuant.Kernels;

/// <summary>Matrix rows cut into groups of consecutive columns; the last group of a row may be short.</summary>
/// <param name="values">[rows, columns] single-precision values.</param>
/// <param name="columns">Columns, 1 or more.</param>
/// <param name="groupSize">Columns of a full group.</param>
/// <param name="columnWeights">
/// Importance of every column, above 0, or empty when all count the same; the diagonal of the Hessian, say.
/// </param>
internal readonly ref struct GroupRows(ReadOnlySpan<float> values, int columns, int groupSize, ReadOnlySpan<float> columnWeights = default)
{
    /// <summary>[rows, columns] values.</summary>
    public ReadOnlySpan<float> Values { get; } = values;

    /// <summary>Importance of every column, or empty.</summary>
    public ReadOnlySpan<float> ColumnWeights { get; } = columnWeights;

    /// <summary>Columns of a row.</summary>
    public int Columns { get; } = columns;

    /// <summary>Columns of a full group.</summary>
    public int GroupSize { get; } = Math.Min(groupSize, columns);

    /// <summary>Rows.</summary>
    public int Rows => Values.Length / Columns;

    /// <summary>Full groups of a row.</summary>
    public int FullGroups => Columns / GroupSize;

    /// <summary>Columns of the short last group, 0 without one.</summary>
    public int Remainder => Columns % GroupSize;

    /// <summary>Groups of a row, the short one included.</summary>
    public int GroupsPerRow => FullGroups + (Remainder > 0 ? 1 : 0);
}
