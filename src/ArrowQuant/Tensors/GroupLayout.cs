namespace ArrowQuant.Tensors;

/// <summary>
/// How one matrix row is cut into groups that share a grid, and how its codes are packed. Groups are consecutive columns; the last may be
/// short. Codes are packed little end first, 8/bits to a byte, and every row starts on a byte.
/// </summary>
/// <param name="Columns">Weights in a row, 1 or more.</param>
/// <param name="GroupSize">Weights in a full group, 1 or more; a value of at least <paramref name="Columns"/> is one group a row.</param>
public readonly record struct GroupLayout(int Columns, int GroupSize)
{
    /// <summary>Groups in a row, the short one included.</summary>
    public int GroupsPerRow => (Columns + GroupSize - 1) / GroupSize;

    /// <summary>Weights in the last group: 1..GroupSize.</summary>
    public int LastGroupLength => Columns - ((GroupsPerRow - 1) * GroupSize);

    /// <summary>The weights in group <paramref name="group"/> of a row.</summary>
    public int LengthOf(int group) => group == GroupsPerRow - 1 ? LastGroupLength : GroupSize;

    /// <summary>Bytes of one row's packed codes at 2, 4 or 8 bits.</summary>
    public int RowBytes(int bitWidth) => (int)(((long)Columns * bitWidth + 7) / 8);
}
