using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Kernels.Products;

/// <summary>
/// Walks down packed rows of a trellis and makes of each what a product takes in place of codes: states where a vector holds the table
/// (<see cref="TrellisStates{T}"/>), else values of the table plus 128, which are codes of 8 bits with that zero point. Both are in the
/// order of the columns that 8 bits have.
/// </summary>
internal sealed unsafe class TrellisRows : IDisposable
{
    private readonly TrellisTable _table;
    private readonly int _columns;
    private readonly int _lanes;
    private readonly int _packedBytes;
    private readonly bool _asStates;
    private readonly byte* _states;
    private readonly byte* _values;

    /// <summary>Begins in state 0.</summary>
    /// <param name="table">The trellis.</param>
    /// <param name="columns">Weights in a row.</param>
    /// <param name="groups">Groups in a row.</param>
    /// <param name="lanes">Single-precision lanes of the kernels' vectors.</param>
    public TrellisRows(TrellisTable table, int columns, int groups, int lanes)
    {
        _table = table;
        _columns = columns;
        _lanes = lanes;
        RowBytes = PackedOrder.PaddedLength(columns);
        _packedBytes = Codes.PackedLength(columns, 2);
        _asStates = TrellisStates.AreUsed(lanes);
        nint tableBytes = _asStates ? table.UpperHalves.Length * sizeof(ushort) : groups * (nint)sizeof(float);
        _states = (byte*)NativeMemory.AlignedAlloc((nuint)(2 * RowBytes + tableBytes), 64);
        _values = _states + RowBytes;
        NativeMemory.Clear(_states, (nuint)(2 * RowBytes));
        Second = (float*)(_values + RowBytes);
        if (_asStates) table.UpperHalves.CopyTo(new Span<ushort>(Second, table.UpperHalves.Length));
        else new Span<float>(Second, groups).Fill(TrellisTable.Bias);
    }

    /// <summary>Bytes of a row of states or values: whole strides.</summary>
    public nint RowBytes { get; }

    /// <summary>What stands beside the gains in <see cref="RowGrids"/>.</summary>
    public float* Second { get; }

    /// <summary>Goes on to the next row.</summary>
    /// <param name="codes">The packed row.</param>
    /// <param name="row">Its number in the block.</param>
    /// <returns><see cref="RowBytes"/> bytes, until the next row.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public byte* Next(byte* codes, int row)
    {
        if (row % TrellisTable.TileRows == 0) NativeMemory.Clear(_states, (nuint)RowBytes);
        if (_asStates)
        {
            TrellisStates.Step(codes, _packedBytes, _states);
            return _states;
        }

        Codes.Unpack(new ReadOnlySpan<byte>(codes, _packedBytes), 2, new Span<byte>(_values, _columns));
        TrellisValues.Step(_table, _values, _states, _values, _columns, _lanes);
        return _values;
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_states);
}
