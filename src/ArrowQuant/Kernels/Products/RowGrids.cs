namespace ArrowQuant.Kernels.Products;

/// <summary>The grids of the groups of one row, or of all rows.</summary>
/// <param name="first">4 and 8 bits: the scales; 2 bits: the four values of every group.</param>
/// <param name="second">4 and 8 bits: the zero points; trellis states: <see cref="Trellis.TrellisTable.UpperHalves"/>.</param>
internal readonly unsafe struct RowGrids(float* first, float* second)
{
    /// <summary>4 and 8 bits: the scales; 2 bits: the four values of every group.</summary>
    public float* First => first;

    /// <summary>4 and 8 bits: the zero points; trellis states: <see cref="Trellis.TrellisTable.UpperHalves"/>.</summary>
    public float* Second => second;
}

/// <summary>Consecutive strides of one row.</summary>
/// <param name="Count">How many.</param>
/// <param name="Group">The group that the first one begins with.</param>
/// <param name="LastGroup">The last group of the row; the last stride may reach beyond it.</param>
/// <param name="PerGroup">Strides to a group that is at least as long as one; the first stride begins a group, or is the only one.</param>
internal readonly record struct StrideRun(nint Count, nint Group, nint LastGroup, nint PerGroup)
{
    /// <summary>The stride behind <paramref name="whole"/> strides of a row, which is not whole.</summary>
    public static StrideRun End(nint whole, int groups, nint lastGroup, nint perGroup) =>
        new(1, groups > 1 ? whole * groups : whole / perGroup, lastGroup, 1);

    /// <summary>Copies what a row has behind its whole strides, zeros behind it.</summary>
    public static unsafe void CopyEnd(byte* codes, nint rowBytes, byte* stride, int strideBytes)
    {
        nint rest = rowBytes % strideBytes;
        new Span<byte>(stride, strideBytes).Clear();
        Buffer.MemoryCopy(codes + rowBytes - rest, stride, strideBytes, rest);
    }
}
