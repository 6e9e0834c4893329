using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.Gguf;

/// <summary>One row to encode: its values and, where grids alone decode it, its codes and their grids.</summary>
internal readonly ref struct GgmlRow
{
    private readonly QuantizedBlock? _block;
    private readonly int _firstGroup;

    /// <param name="values">The row's decoded values.</param>
    public GgmlRow(ReadOnlySpan<float> values) => Values = values;

    /// <param name="values">The row's decoded values.</param>
    /// <param name="codes">Its codes, one to a byte.</param>
    /// <param name="block">The block that the row is in.</param>
    /// <param name="row">Its number in the block.</param>
    public GgmlRow(ReadOnlySpan<float> values, ReadOnlySpan<byte> codes, QuantizedBlock block, int row)
    {
        Values = values;
        Codes = codes;
        _block = block;
        _firstGroup = row * block.Format.Groups.GroupsPerRow;
    }

    /// <summary>The values.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>The codes, one to a byte; empty when the row has no grids.</summary>
    public ReadOnlySpan<byte> Codes { get; }

    /// <summary>True when the row's weights are (code - zero point) * scale.</summary>
    public bool IsAffine => _block?.Format.Layout == CodeLayout.Affine;

    /// <summary>True when the row has grids of any layout.</summary>
    public bool HasGrids => _block is not null;

    /// <summary>The number of the group that holds a column.</summary>
    public int GroupOf(int column) => column / _block!.Format.Groups.GroupSize;

    /// <summary>Scale and zero point of an affine group.</summary>
    public (float Scale, float ZeroPoint) Grid(int group) => (_block!.Scales[_firstGroup + group], _block.ZeroPoints[_firstGroup + group]);

    /// <summary>Writes the values of codes 0..3 of a group with 2 bits.</summary>
    public void CopyLevels(int group, Span<double> levels)
    {
        if (IsAffine)
        {
            (float scale, float zeroPoint) = Grid(group);
            for (int code = 0; code < levels.Length; code++) levels[code] = ((double)code - zeroPoint) * scale;
            return;
        }

        Span<float> table = stackalloc float[4];
        LatticeLevels.Of(_block!, _firstGroup + group).CopyTo(table);
        for (int code = 0; code < levels.Length; code++) levels[code] = table[code];
    }
}
